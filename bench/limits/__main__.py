"""What a check of the limiter costs, and what it admits, beside DRF's throttles,
django-ratelimit and `limits` (moving window), in one run.

    .venv/bin/python -m bench.limits [--rounds 9] [--keys 1000000]

Starts a Redis of its own on loopback. All limiters take turns, round by round; a figure
is the median of the rounds. `--rounds 3 --keys 1000` is a quick try.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

from bench.limits import costs, many_keys
from bench.limits.exactness import exactness
from bench.limits.limiters import (
    PROCESS,
    fresh_keys,
    limiters,
    limiters_on_the_wall_clock,
)
from bench.limits.many_keys import COUNTS, Filled
from bench.limits.own_redis import OwnRedis, lines, own_redis
from bench.limits.report import Report, Row
from bench.limits.speed import CASES, Timing, measure_round, one_by_one, prepare

HAMMERED_SECONDS = 5
BURST_SECONDS = 1.1
PINGS = 400


def main() -> None:
    """Measure, and print tables in Markdown."""
    options = _options()
    begun = time.monotonic()
    with own_redis() as server:
        print(f"{server.version}, Python {platform.python_version()}, {_machine()}.\n")
        rows = [Row(limiter) for limiter in limiters(server)]
        for row in rows:
            _tell(f"costs: {row.limiter.name}")
            _weigh(server, row)
        hammered = costs.hammer(server, HAMMERED_SECONDS)
        _compare(server, rows)
        ping = _time(server, rows, options.rounds)
        filled = _with_many_keys(server, options.keys, options.rounds)
    print(Report(rows, ping, hammered, filled).text())
    print(f"\n{time.monotonic() - begun:.0f} s; {_machine()}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keys", type=int, default=max(COUNTS))
    return parser.parse_args()


def _machine() -> str:
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"


def _tell(doing: str) -> None:
    print(doing, file=sys.stderr, flush=True)


def _weigh(server: OwnRedis, row: Row) -> None:
    if row.limiter.home == PROCESS:
        row.memory = costs.memory_in_process(row.limiter)
        return
    row.admitted_cost, row.refused_cost = costs.costs(server, row.limiter)
    row.memory = costs.memory_in_redis(server, row.limiter)


def _compare(server: OwnRedis, rows: list[Row]) -> None:
    found = limiters_on_the_wall_clock(server)
    moved = {(limiter.name, limiter.home): limiter for limiter in found}
    for row in rows:
        twin = moved.get((row.limiter.name, row.limiter.home))
        if twin is not None:
            _tell(f"exactness: {row.limiter.name}")
            row.exactness = exactness(row.limiter, moved=twin)


def _time(server: OwnRedis, rows: list[Row], rounds: int) -> Timing:
    """Into the rows; and how long Redis takes to answer at all."""
    line, ping = lines(server.tcp), Timing()
    for number in range(rounds):
        _tell(f"speed: round {number + 1} of {rounds}")
        pings = fresh_keys(PINGS)
        ping.add(one_by_one(lambda _: bool(line.call("PING")), pings, admitted=True))
        for case in CASES:
            keys = [prepare(row.limiter, case) for row in rows]
            time.sleep(BURST_SECONDS)
            for row, own in zip(rows, keys, strict=True):
                measure_round(row.limiter, case, own, row.timings[case.name])
    return ping


def _with_many_keys(server: OwnRedis, most: int, rounds: int) -> list[Filled]:
    filled = []
    for count in (count for count in COUNTS if count <= most):
        _tell(f"keys: {count:,}")
        filled += [many_keys.local(count), many_keys.in_redis(server, count)]
    for _ in range(rounds):
        for each in filled:
            each.measure_round()
    return filled


if __name__ == "__main__":
    main()
