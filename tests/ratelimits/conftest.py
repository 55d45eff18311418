"""What the tests of the limiter share: a clock that stands, a model, a Redis."""

import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

import pytest
import redis
from django.core.cache import caches
from django.test import RequestFactory

from ratelimits import stores
from ratelimits.limits import DAY, MINUTE, SECOND
from ratelimits.local import LocalStore

# 2026-11-21 12:00 UTC, and 200.25 s later as in the table of the headers' tests.
NOON = 1_795_262_400 * SECOND


def pytest_configure(config):
    config.addinivalue_line("markers", "services: needs an installed server")


@dataclass
class VirtualClock:
    """Stands still until it is moved; its two faces move together."""

    wall: int = NOON
    steady: int = 5_000 * SECOND

    def monotonic_ns(self):
        return self.steady

    def time_ns(self):
        return self.wall

    def move(self, nanoseconds):
        self.wall += nanoseconds
        self.steady += nanoseconds


@dataclass
class Model:
    """The rule in its plainest words: a list of all that was admitted, and counting."""

    clock: VirtualClock
    admitted: list[tuple[int, int]] = field(default_factory=list)

    def count_since(self, window, at):
        return sum(at - window < steady <= at for steady, _ in self.admitted)

    def count_of_day(self, wall):
        return sum(day == wall // DAY for _, day in self.admitted)

    def waits(self, limits, cost):
        """Nanoseconds until each window fits the request."""
        waits = {
            "burst": self.wait(SECOND, limits.burst - cost),
            "minute": self.wait(MINUTE, limits.per_minute - cost),
        }
        if limits.daily is not None:
            fits = self.count_of_day(self.clock.wall) + cost <= limits.daily
            waits["day"] = 0 if fits else DAY - self.clock.wall % DAY
        return waits

    def wait(self, window, others):
        now = self.clock.steady
        ends = [steady + window for steady, _ in self.admitted if steady > now - window]
        moments = [now, *sorted(ends)]
        fitting = (m for m in moments if self.count_since(window, m) <= others)
        return next(fitting, now + window) - now

    def check(self, limits, cost):
        """The waits; the request is counted if there are none."""
        waits = self.waits(limits, cost) if cost else {}
        if not any(waits.values()):
            now = (self.clock.steady, self.clock.wall // DAY)
            self.admitted += [now] * cost
        return {window: wait for window, wait in waits.items() if wait}


@pytest.fixture
def dice():
    """Chance that is the same in every run."""
    return random.Random


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def local(clock):
    """A store whose time only the test moves."""
    return LocalStore(clock)


@pytest.fixture
def pair():
    """Make a store and the model it is held to, on one new clock."""

    def make():
        clock = VirtualClock()
        return LocalStore(clock), Model(clock), clock

    return make


@pytest.fixture
def fresh_stores():
    stores.reset()
    yield
    stores.reset()


@pytest.fixture
def brakes(settings):
    """The brakes as they are set by default, with nothing counted yet."""
    settings.BRAKES = {"account": (10, 900), "address": (60, 900)}
    settings.RATELIMIT_USE_CACHE = "brakes"
    settings.CACHES = {
        **settings.CACHES,
        "brakes": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "test-brakes",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        },
    }
    caches["brakes"].clear()
    return settings


@pytest.fixture
def arrive():
    """A POST as the door passes it on: from this peer, with the client's address."""

    def make(client="203.0.113.7", *, peer="203.0.113.7"):
        request = RequestFactory().post("/login", REMOTE_ADDR=peer)
        if client:
            vars(request)["client_address"] = client
        return request

    return make


class RedisServer:
    """A Redis of our own on a private socket."""

    def __init__(self, folder):
        self.url = f"unix://{folder}/redis.sock"
        self.command = [
            "redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock",
            "--save", "", "--appendonly", "no", "--dir", str(folder),
        ]  # fmt: skip
        self.client = redis.Redis.from_url(self.url)

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                return self.client.ping()
            except redis.RedisError:
                time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.thaw()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis_server(tmp_path_factory):
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()
    server.client.close()
