"""Two server processes on one Redis, and programs of callers that write a log."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.live import Live, as_made, own_services
from tests.ratelimits import callers
from tests.ratelimits.replay import Answer, Numbers
from tests.running import Up, running_up

SMALL = Numbers(burst=5, minute=30, day=45)
QUICK = Numbers(burst=3, minute=90, day=9_000)
STARTER = Numbers(burst=20, minute=100, day=10_000)
PRODUCTS = {"netrecon": "scans_read", "netallion": "scan:read"}
# Nobody is refused for the address that all of them share.
ROOM = {"DOORWARD_ANONYMOUS_LIMITS": "1000000/min, 100000/s", "DOORWARD_WORKERS": "2"}


@dataclass(frozen=True)
class Pair:
    """The server with its two processes."""

    live: Live
    up: Up

    def log(self):
        lines = self.up.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def two_processes(folder, redis_url):
    """On the database of the lane and on this Redis."""
    with own_services() as services:
        settings = {**services, **ROOM, "REDIS_URL": redis_url}
        with (
            running_up(folder / "data", start=None, **settings) as up,
            httpx.Client(base_url=up.url, timeout=30) as calls,
        ):
            demo = {account["product"]: account for account in up.facts["accounts"]}
            made = as_made(demo)
            yield Pair(Live(up.url, demo, folder / "data", settings, calls, made), up)


def job(name, temper, numbers, **more):
    """What a caller is told: how to behave, and the limits of its key."""
    limits = {"per_minute": numbers.minute, "burst": numbers.burst}
    return {
        "name": name,
        "temper": temper,
        "numbers": numbers,
        "lines": 1,
        **limits,
        **more,
    }


def credential(live, job, number):
    """A key or session of its own, on the Starter plan of one of the products."""
    product, scope = list(PRODUCTS.items())[number % 2]
    account = live.account(product, "starter")
    if "session" in job["name"]:
        token = live.sign_in(account)["access_token"]
        return {"Authorization": f"Bearer {token}"}
    own = {"per_minute": job["per_minute"], "burst": job["burst"]}
    limits = None if job["numbers"] == STARTER else {**own, "daily": job["numbers"].day}
    return {"X-API-Key": live.make_key(account, scope, limits=limits)["key"]}


class Callers:
    """All jobs at once, each in a program of its own."""

    def __init__(self, pair, jobs, folder, *, seconds):
        self.seconds = seconds
        self.files, self.programs = [], []
        numbered = enumerate(jobs)
        headers = [credential(pair.live, each, number) for number, each in numbered]
        # Interpreters take a while to start.
        self.begin = time.time() + 2
        times = {"begin": self.begin, "end": self.begin + seconds}
        for each, own in zip(jobs, headers, strict=True):
            self.files.append(folder / f"{len(self.files)}.log")
            self.start({**each, **times, "port": pair.up.port, "headers": own})

    def start(self, job):
        with self.files[-1].open("wb") as stdout:
            words = [sys.executable, callers.__file__]
            program = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=stdout)
        with program.stdin as stdin:
            stdin.write(json.dumps([job]).encode())
        self.programs.append(program)

    def answers(self):
        """What all were told, by key, once the last of them is done."""
        codes = [program.wait(self.seconds + 60) for program in self.programs]
        assert codes == [0] * len(codes)
        told = defaultdict(list)
        for file in self.files:
            for line in file.read_text().splitlines():
                answer = Answer(**json.loads(line))
                told[answer.key].append(answer)
        return told
