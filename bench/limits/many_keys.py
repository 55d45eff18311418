"""Whether a check takes as long with a million keys as with ten."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import redis

from bench.limits.limiters import PREFIX, PROCESS, TCP, Store
from bench.limits.own_redis import OwnRedis, lines
from bench.limits.speed import ENTERPRISE, Timing, mean, one_by_one, only_minute
from ratelimits.local import LocalStore
from ratelimits.redis_store import SCRIPT, RedisStore

COUNTS = (10, 1_000, 100_000, 1_000_000)
CHECKS = {PROCESS: 1_000, TCP: 500}
BATCH = 2_000
# Ten keys get all the checks, faster than a burst allows.
WIDE = only_minute(ENTERPRISE)
# So long that the last key is there before the first one has expired.
LASTING = SCRIPT.replace("log, 61)", "log, 3600)")


@dataclass
class Filled:
    """A store with so many keys, each with one request at least.

    `size` is in bytes, and only known of Redis.
    """

    home: str
    count: int
    store: Store
    seconds: float
    size: int = 0
    timing: Timing = field(default_factory=Timing)

    def measure_round(self) -> None:
        size = CHECKS[self.home]
        turns = random.choices(range(self.count), k=size)  # noqa: S311 - no secret
        keys = [name(number) for number in turns]
        time_of = mean if self.home == PROCESS else one_by_one
        check = partial(is_admitted, self.store)
        self.timing.add(time_of(check, keys, admitted=True))


def is_admitted(store: Store, key: str) -> bool:
    return store.check(key, WIDE).allowed


def name(number: int) -> str:
    return f"key_{number:026}"


def local(count: int) -> Filled:
    """One that keeps what it keeps: at most MOST_KEYS."""
    store = LocalStore()
    begun = time.perf_counter()
    for number in range(count):
        store.check(name(number), WIDE)
    return Filled(PROCESS, count, store, time.perf_counter() - begun)


def in_redis(server: OwnRedis, count: int) -> Filled:
    """In a database of its own, filled by the script itself."""
    url = f"{server.tcp}/{1 + COUNTS.index(count)}"
    store = RedisStore(lines(url), prefix=PREFIX)
    before = server.info("memory")["used_memory"]
    begun = time.perf_counter()
    with redis.Redis.from_url(url) as client:
        sha = client.script_load(LASTING)
        for part in batches(count):
            pipeline = client.pipeline(transaction=False)
            for number in part:
                words = (*store.names(name(number)), 2_000, 2_000, 0, 1, 0)
                pipeline.evalsha(sha, 2, *words)
            pipeline.execute()
    seconds = time.perf_counter() - begun
    size = server.info("memory")["used_memory"] - before
    return Filled(TCP, count, store, seconds, size)


def batches(count: int) -> Iterator[list[int]]:
    numbers = iter(range(count))
    return iter(lambda: list(itertools.islice(numbers, BATCH)), [])
