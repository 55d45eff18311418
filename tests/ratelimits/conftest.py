"""What the tests of the limiter share: a clock that stands, a model, the stores."""

import random
import uuid
from dataclasses import dataclass, field

import pytest
from django.core.cache import caches
from django.test import RequestFactory

from ratelimits import stores
from ratelimits.limits import DAY, MINUTE, SECOND
from ratelimits.local import LocalStore
from ratelimits.redis_server import Breaker, Lines
from ratelimits.redis_store import SCRIPT, RedisStore
from ratelimits.shared import SharedStore

# 2026-11-21 12:00 UTC, and 200.25 s later as in the table of the headers' tests.
NOON = 1_795_262_400 * SECOND
MICROSECOND = 1_000


def pytest_configure(config):
    config.addinivalue_line("markers", "services: needs an installed server")


@dataclass
class VirtualClock:
    """Stands still until it is moved, by whole grains; its two faces move together."""

    grain: int = 1
    wall: int = NOON
    steady: int = 5_000 * SECOND

    def monotonic_ns(self):
        return self.steady

    def time_ns(self):
        return self.wall

    def move(self, nanoseconds):
        nanoseconds -= nanoseconds % self.grain
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
    return VirtualClock(grain=MICROSECOND)


@pytest.fixture
def local(clock):
    """A store in this process whose time only the test moves."""
    return LocalStore(clock)


class TimedRedisStore(RedisStore):
    """The real script, told the time by the test in place of the server."""

    def __init__(self, server, clock):
        numbered = SCRIPT.replace("redis.call('TIME')", "{ARGV[6], ARGV[7]}")
        super().__init__(server, prefix=f"test:{uuid.uuid4()}", script=numbered)
        self.clock = clock

    def _run(self, *words):
        seconds, rest = divmod(self.clock.wall, SECOND)
        return super()._run(*words, seconds, rest // MICROSECOND)


def patient(redis):
    """Lines that wait for a busy machine: a time-out would be another test's matter."""
    return Lines(redis.url, seconds=10)


@pytest.fixture(params=["local", "redis", "shared"])
def make_store(request):
    """Make one of the stores, by a clock: all are held to the same rules."""
    if request.param == "local":
        return LocalStore
    lines = patient(request.getfixturevalue("one_redis"))

    def make(clock):
        redis = TimedRedisStore(lines, clock)
        if request.param == "redis":
            return redis
        return SharedStore(redis, Breaker(), clock=clock)

    return make


@pytest.fixture
def store(make_store, clock):
    return make_store(clock)


@pytest.fixture
def pair(make_store):
    """Make a store and the model it is held to, on one new clock."""

    def make():
        clock = VirtualClock(grain=1 if make_store is LocalStore else MICROSECOND)
        return make_store(clock), Model(clock), clock

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
