"""The limiters that are measured, ours and others, in one shape."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import redis
from django.conf import settings
from django.core.cache import BaseCache, caches
from django.utils.connection import ConnectionProxy
from django_ratelimit.core import get_usage
from limits import (
    RateLimitItem,
    RateLimitItemPerDay,
    RateLimitItemPerMinute,
    RateLimitItemPerSecond,
)
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from bench.limits.own_redis import OwnRedis, lines
from ratelimits.limits import Decision, Limits
from ratelimits.local import LocalStore
from ratelimits.redis_server import Breaker, Server
from ratelimits.redis_store import SCRIPT, RedisStore
from ratelimits.shared import SharedStore

# DRF reads them while it is imported.
settings.configure()

from rest_framework.throttling import SimpleRateThrottle  # noqa: E402

# Whether a request of this key is admitted. It is counted if so.
Check = Callable[[str], bool]
PROCESS, TCP, SOCKET = "in the process", "loopback", "Unix socket"
PREFIX = "bench"
UNITS = {1: "s", 60: "m", 86_400: "d"}
ITEMS: dict[int, type[RateLimitItem]] = {
    1: RateLimitItemPerSecond,
    60: RateLimitItemPerMinute,
    86_400: RateLimitItemPerDay,
}
_numbers = itertools.count()


class Store(Protocol):
    """One of ours."""

    def check(self, key: str, limits: Limits) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Limiter:
    """`check_of` gives the check under some limits; all its checks share their counts.

    It is asked for right before the check is used.
    """

    name: str
    home: str
    check_of: Callable[[Limits], Check]


def fresh_keys(number: int) -> list[str]:
    """Names that nobody used before, as long as those of API keys."""
    return [f"key_{next(_numbers):026}" for _ in range(number)]


def limiters(server: OwnRedis) -> list[Limiter]:
    """All of them, in real time."""
    line = lines(server.tcp)
    by_client = RedisStore(ByClient(server.tcp), prefix=f"{PREFIX}-client")
    shared = SharedStore(RedisStore(line, prefix=f"{PREFIX}-shared"), Breaker())
    on_socket = RedisStore(lines(server.socket), prefix=f"{PREFIX}-socket")
    return [
        _ours("Doorward, `LocalStore`", PROCESS, LocalStore()),
        *_others(server, PROCESS),
        _ours("Doorward, `RedisStore`", TCP, RedisStore(line, prefix=PREFIX)),
        _ours("Doorward, `SharedStore`", TCP, shared),
        _ours("the same script, redis-py's client", TCP, by_client),
        *_others(server, TCP),
        _ours("Doorward, `RedisStore`", SOCKET, on_socket),
    ]


def limiters_on_the_wall_clock(server: OwnRedis) -> list[Limiter]:
    """All of them, but ours take the time from time.time too, as the others do: so a
    test can move it for all."""
    redis_store = OnTheWallClock(lines(server.tcp), prefix="bench-moved")
    behind = OnTheWallClock(lines(server.tcp), prefix="bench-moved-shared")
    shared = SharedStore(behind, Breaker(), clock=WallClock())
    return [
        _ours("Doorward, `LocalStore`", PROCESS, LocalStore(WallClock())),
        *_others(server, PROCESS),
        _ours("Doorward, `RedisStore`", TCP, redis_store),
        _ours("Doorward, `SharedStore`", TCP, shared),
        *_others(server, TCP),
    ]


# Ours


def _ours(name: str, home: str, store: Store) -> Limiter:
    def check_of(limits: Limits) -> Check:
        return lambda key: store.check(key, limits).allowed

    return Limiter(name, home, check_of)


class ByClient:
    """Sends commands as one usually does: by the client and its pool."""

    def __init__(self, url: str) -> None:
        self._execute: Callable[..., Any] = redis.Redis.from_url(url).execute_command

    def call(self, *words: str | int) -> Any:
        return self._execute(*words)


class WallClock:
    """Has the date alone."""

    def monotonic_ns(self) -> int:
        return time.time_ns()

    def time_ns(self) -> int:
        return time.time_ns()


class OnTheWallClock(RedisStore):
    """The real script, told the time of this process in place of the server's."""

    def __init__(self, server: Server, *, prefix: str) -> None:
        told = SCRIPT.replace("redis.call('TIME')", "{ARGV[6], ARGV[7]}")
        super().__init__(server, prefix=prefix, script=told)

    def _run(self, *words: str | int) -> Any:
        seconds, rest = divmod(time.time_ns() // 1000, 1_000_000)
        return super()._run(*words, seconds, rest)


# Others


def _others(server: OwnRedis, home: str) -> list[Limiter]:
    _make_caches(server)
    alias = "memory" if home == PROCESS else "redis"
    cache: Any = ConnectionProxy(caches, alias)
    storage = MemoryStorage() if home == PROCESS else RedisStorage(server.tcp)
    backend = "LocMemCache" if home == PROCESS else "RedisCache"
    return [
        Limiter(f"DRF throttles, `{backend}`", home, lambda limits: drf(limits, cache)),
        Limiter(
            f"django-ratelimit, `{backend}`",
            home,
            lambda limits: django_ratelimit(limits, alias),
        ),
        Limiter(
            f"limits, `{type(storage).__name__}`",
            home,
            lambda limits: moving_window(limits, storage),
        ),
    ]


def _make_caches(server: OwnRedis) -> None:
    backend = "django.core.cache.backends"
    roomy = {"MAX_ENTRIES": 10_000_000}
    settings.CACHES = {
        "memory": {"BACKEND": f"{backend}.locmem.LocMemCache", "OPTIONS": roomy},
        "redis": {"BACKEND": f"{backend}.redis.RedisCache", "LOCATION": server.tcp},
    }


def windows(limits: Limits) -> list[tuple[int, int]]:
    """Requests and seconds of each window that can bind, the shortest first."""
    found = [(limits.per_minute, 60)]
    if limits.burst < limits.per_minute:
        found.insert(0, (limits.burst, 1))
    if limits.daily is not None:
        found.append((limits.daily, 86_400))
    return found


class Throttle(SimpleRateThrottle):
    """Counts by the key itself: the benchmark has no request."""

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"throttle_{self.rate}_{request}"


def drf(limits: Limits, cache: BaseCache) -> Check:
    """One throttle for each window. A view makes them anew for each request, and asks
    them all."""
    throttles = [
        type("Throttle", (Throttle,), {"cache": cache, "rate": f"{most}/{UNITS[unit]}"})
        for most, unit in windows(limits)
    ]

    def check(key: str) -> bool:
        answers = [throttle().allow_request(key, None) for throttle in throttles]
        return all(answers)

    return check


def django_ratelimit(limits: Limits, alias: str) -> Check:
    """One decorator for each window: the first that refuses ends it."""
    settings.RATELIMIT_USE_CACHE = alias
    rates = windows(limits)

    def is_full(key: str, rate: tuple[int, int]) -> bool:
        words = {"group": "bench", "key": lambda group, request: request, "rate": rate}
        return bool(get_usage(key, **words, increment=True)["should_limit"])

    return lambda key: not any(is_full(key, rate) for rate in rates)


def moving_window(limits: Limits, storage: Storage) -> Check:
    """One hit for each window: the first that refuses ends it."""
    limiter = MovingWindowRateLimiter(storage)
    items = [ITEMS[seconds](most) for most, seconds in windows(limits)]
    return lambda key: all(limiter.hit(item, key) for item in items)
