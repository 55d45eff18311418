"""Callers of the API, each of its own temper, who write down all that they are told.

A program of its own, so that it does not share an interpreter with the tests: it reads
jobs as JSON and writes one line of JSON for each answer.
"""

import http.client
import json
import sys
import threading
import time
from itertools import cycle

TOLD = ("x-ratelimit-", "ratelimit", "retry-after")
# Answers that count alike: 200, 200, 200, 403, 404, 405, 400, and two without a body.
REQUESTS = [
    ("GET", "/api/v1/auth/whoami"),
    ("HEAD", "/api/v1/auth/whoami"),
    ("OPTIONS", "/api/v1/auth/whoami"),
    ("GET", "/api/v1/audit-events"),
    ("GET", "/api/v1/nothing"),
    ("PUT", "/api/v1/auth/whoami"),
    ("GET", "/api/v1/scans?limit=many"),
]
# A new connection now and then: the server's processes share them out. It closes those
# that are idle for twenty seconds.
PER_CONNECTION = 40
IDLE_SECONDS = 10


class Caller:
    """One connection's worth of a client."""

    def __init__(self, job, number):
        self.job = job
        self.name = f"{job['name']}#{number}"
        self.requests = cycle(REQUESTS[number:] + REQUESTS[:number])
        self.answers = []
        self.connection = None

    def run(self):
        time.sleep(max(0, self.job["begin"] - time.time()))
        TEMPERS[self.job["temper"]](self)
        self.connection.close()

    def is_over(self, wait=0.0):
        """Whether the end is less than `wait` seconds away."""
        return time.time() + wait >= self.job["end"]

    def ask(self):
        idle = time.monotonic() - self.received(1)
        if len(self.answers) % PER_CONNECTION == 0 or idle > IDLE_SECONDS:
            self.connect()
        method, path = next(self.requests)
        steady, sent = time.monotonic_ns(), time.time_ns()
        self.connection.request(method, path, headers=self.job["headers"])
        response = self.connection.getresponse()
        received = time.time_ns()
        answer = {
            "key": self.job["name"],
            "caller": self.name,
            "sent": sent,
            "received": received,
            "steady": steady,
            "status": response.status,
            "headers": told(response),
            "violated": violated(response),
        }
        self.answers.append(answer)
        return answer

    def connect(self):
        if self.connection:
            self.connection.close()
        address = ("127.0.0.1", self.job["port"])
        self.connection = http.client.HTTPConnection(*address, timeout=30)

    def received(self, back):
        """When, by the steady clock, the answer so many before the next one came."""
        if len(self.answers) < back:
            return 0.0
        answer = self.answers[-back]
        return (answer["steady"] + answer["received"] - answer["sent"]) / 1e9


def told(response):
    """What the answer says about limits, by names in lower case."""
    named = ((name.lower(), value) for name, value in response.getheaders())
    return {name: value for name, value in named if name.startswith(TOLD)}


def violated(response):
    """The windows that a refusal names; None where there is no such list."""
    body = response.read()
    if response.status != 429 or not body:
        return None
    return json.loads(body)["violated-policies"]


def hammering(caller):
    """Takes no notice of any answer."""
    while not caller.is_over():
        caller.ask()
        time.sleep(caller.job["pause"])


def obedient(caller):
    """Asks as fast as it can, and after a refusal waits exactly Retry-After."""
    while not caller.is_over():
        answer = caller.ask()
        wait = int(answer["headers"].get("retry-after", 0))
        if caller.is_over(wait):
            return
        time.sleep(wait)


def steady(caller):
    """Keeps an even pace, this share of the limit; with all of it, to the moment."""
    per_minute, burst = caller.job["per_minute"], caller.job["burst"]
    pace = 60 / (per_minute * caller.job["share"])
    began, number = time.monotonic(), 0
    while not caller.is_over():
        caller.ask()
        number += 1
        earliest = max(caller.received(per_minute) + 60, caller.received(burst) + 1)
        wait_until(max(began + number * pace, earliest), caller)


def brim(caller):
    """Asks whenever its own notes say that a request must fit by now."""
    per_minute, burst = caller.job["per_minute"], caller.job["burst"]
    while not caller.is_over():
        caller.ask()
        earliest = max(caller.received(per_minute) + 60, caller.received(burst) + 1)
        wait_until(earliest, caller)


def sleeper(caller):
    """Sleeps until X-RateLimit-Reset where nothing remains, and asks evenly before."""
    while not caller.is_over():
        headers = caller.ask()["headers"]
        wait = 1 / caller.job["burst"]
        if headers["x-ratelimit-remaining"] == "0":
            wait = max(0, int(headers["x-ratelimit-reset"]) - time.time())
        if caller.is_over(wait):
            return
        time.sleep(wait)


def wait_until(moment, caller):
    wait = max(0.0, moment - time.monotonic())
    time.sleep(min(wait, max(0.0, caller.job["end"] - time.time())))


TEMPERS = {each.__name__: each for each in (hammering, obedient, steady, brim, sleeper)}


def main():
    jobs = json.load(sys.stdin)
    callers = [Caller(job, number) for job in jobs for number in range(job["lines"])]
    threads = [threading.Thread(target=caller.run) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for caller in callers:
        for answer in caller.answers:
            print(json.dumps(answer))


if __name__ == "__main__":
    main()
