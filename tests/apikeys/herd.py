"""Many clients that use one key at the same time, and what each was answered."""

import http.client
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

CLIENTS = 50
WAIT_SECONDS = 30


class Seen(NamedTuple):
    """One request: when it began and ended on the steady clock, and its status."""

    begun: float
    ended: float
    status: int


@dataclass
class Use:
    """What the clients ask for, with which key, and what they saw of it."""

    key: str
    path: str
    seen: list[Seen] = field(default_factory=list)

    def since(self, moment):
        return [each for each in list(self.seen) if each.begun > moment]


class Herd:
    """Clients that keep their connections, each with its next request at once."""

    def __init__(self, url):
        self.address = urlsplit(url).netloc
        self.use = None
        self.changed = threading.Condition()
        self.stopped = False

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=WAIT_SECONDS)
        while not self.stopped:
            use = self.use
            if use is None:
                with self.changed:
                    self.changed.wait(0.1)
                continue
            begun = time.monotonic()
            connection.request("GET", use.path, headers={"X-API-Key": use.key})
            answer = connection.getresponse()
            answer.read()
            use.seen.append(Seen(begun, time.monotonic(), answer.status))
        connection.close()

    def turn_to(self, use):
        with self.changed:
            self.use = use
            self.changed.notify_all()

    def killed(self, key, path, kill):
        """Have all use the key, kill it in the midst of it, and let them try on.

        The answer: when `kill` had returned, and what was seen.
        """
        use = Use(key, path)
        self.turn_to(use)
        wait_for(lambda: [each.status for each in use.seen].count(200) >= CLIENTS)
        kill()
        answered = time.monotonic()
        wait_for(lambda: len(use.since(answered)) >= 2 * CLIENTS)
        self.turn_to(None)
        return answered, use.seen


@contextmanager
def herd_of(url, size=CLIENTS):
    herd = Herd(url)
    threads = [threading.Thread(target=herd.run) for _ in range(size)]
    for thread in threads:
        thread.start()
    try:
        yield herd
    finally:
        herd.stopped = True
        for thread in threads:
            thread.join()


def wait_for(condition):
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
