"""What a check costs Redis, and what a full key weighs."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

from bench.limits.limiters import PREFIX, Check, Limiter, fresh_keys
from bench.limits.own_redis import OwnRedis, lines
from bench.limits.speed import ENTERPRISE, STARTER, only_minute
from ratelimits.limits import Limits
from ratelimits.redis_server import Breaker
from ratelimits.redis_store import RedisStore
from ratelimits.shared import SharedStore

CHECKS = 200
EACH = 10
FULL_KEYS = 3
BEGIN, END = "what is counted begins", "what is counted ends"
HAMMERED = Limits(500, 100, 100_000)
THREADS = 4


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one check: commands that the client sent, and microseconds of the server."""

    commands: float
    microseconds: float


# Commands


def costs(server: OwnRedis, limiter: Limiter) -> tuple[Cost, Cost]:
    """Of an admitted check and of a refused one, on the plan Starter."""
    check = limiter.check_of(STARTER)
    full = fresh_keys(1)[0]
    fill = limiter.check_of(only_minute(STARTER))
    while fill(full):
        pass
    check(full)

    def admitted() -> None:
        for key in fresh_keys(CHECKS // EACH):
            _repeat(check, key, EACH)

    return _cost(server, admitted), _cost(server, lambda: _repeat(check, full, CHECKS))


def _repeat(check: Check, key: str, times: int) -> None:
    for _ in range(times):
        check(key)


def _cost(server: OwnRedis, work: Callable[[], None]) -> Cost:
    # In two turns: a server that tells each command is slower.
    server.client.config_resetstat()
    work()
    microseconds = _microseconds(server)
    return Cost(_commands(server, work) / CHECKS, microseconds / CHECKS)


def _microseconds(server: OwnRedis) -> float:
    """A script's own time has the commands in it that it runs."""
    stats = server.info("commandstats")
    spent = {name.removeprefix("cmdstat_"): row["usec"] for name, row in stats.items()}
    for ours in ("info", "config|resetstat"):
        spent.pop(ours, None)
    return float(spent.get("evalsha") or sum(spent.values()))


def _commands(server: OwnRedis, work: Callable[[], None]) -> int:
    """As the server tells them: what a script runs is marked, and not counted."""
    count = 0
    with server.monitor() as monitor:
        server.client.echo(BEGIN)
        work()
        server.client.echo(END)
        while BEGIN not in monitor.next_command()["command"]:
            pass
        while END not in (told := monitor.next_command())["command"]:
            count += told["client_type"] != "lua"
    return count


# A key that is hammered


@dataclass(frozen=True, slots=True)
class Hammered:
    """One key, under HAMMERED, by threads of one process."""

    threads: int
    offered: int
    admitted: int
    asked: int


def hammer(server: OwnRedis, seconds: float) -> Hammered:
    store = SharedStore(RedisStore(lines(server.tcp), prefix=PREFIX), Breaker())
    key, counts = fresh_keys(1)[0], [(0, 0)] * THREADS
    until = time.monotonic() + seconds

    def press(place: int) -> None:
        offered = admitted = 0
        while time.monotonic() < until:
            admitted += store.check(key, HAMMERED).allowed
            offered += 1
        counts[place] = (offered, admitted)

    server.client.config_resetstat()
    together(press, THREADS)
    asked = server.info("commandstats")["cmdstat_evalsha"]["calls"]
    offered, admitted = (sum(column) for column in zip(*counts, strict=True))
    return Hammered(THREADS, offered, admitted, asked)


def together(work: Callable[[int], None], number: int) -> None:
    """The work of so many threads, each told its place."""
    threads = [threading.Thread(target=work, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Memory


def memory_in_process(limiter: Limiter) -> float:
    """Bytes that a key with a full minute of Enterprise takes, names included."""
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        _fill(limiter)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / FULL_KEYS
    finally:
        tracemalloc.stop()


def memory_in_redis(server: OwnRedis, limiter: Limiter) -> float:
    """The same as the server tells it, by MEMORY USAGE of all names."""
    before = set(server.client.scan_iter(count=10_000))
    _fill(limiter)
    names = set(server.client.scan_iter(count=10_000)) - before
    taken = [server.client.memory_usage(name, samples=0) or 0 for name in names]
    return sum(taken) / FULL_KEYS


def _fill(limiter: Limiter) -> None:
    check = limiter.check_of(only_minute(ENTERPRISE))
    for key in fresh_keys(FULL_KEYS):
        _repeat(check, key, ENTERPRISE.per_minute)
