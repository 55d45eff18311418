"""How far a limiter passes its limit, and what its refusals take from it."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import time_machine

from bench.limits.costs import together
from bench.limits.limiters import Check, Limiter, fresh_keys
from bench.limits.speed import STARTER
from ratelimits.limits import Limits

HUNDRED = Limits(100, 100, None)
THREADS = 16
TURNS = 100
RUNS = 3
# 2027-01-04 12:00 UTC. Limiters differ by where in the minute their windows begin.
NOON = 1_799_064_000
PHASES = range(0, 60, 5)
PRESSED_SECONDS = 75
AT_ONCE = 60


@dataclass(frozen=True, slots=True)
class Exactness:
    """Of a limit of 100 in a minute; `left` as left_by_refusals tells it."""

    threads: int
    minute: int
    left: int


def exactness(limiter: Limiter, *, moved: Limiter) -> Exactness:
    """Of a limiter, and of the same one whose clock can be moved."""
    threads = max(admitted_to_threads(limiter) for _ in range(RUNS))
    return Exactness(threads, most_in_a_minute(moved), left_by_refusals(moved))


def admitted_to_threads(limiter: Limiter) -> int:
    """Of 100, with 16 threads that press one key at once."""
    check = limiter.check_of(HUNDRED)
    key, admitted = fresh_keys(1)[0], [0] * THREADS
    start = threading.Barrier(THREADS)

    def press(place: int) -> None:
        start.wait()
        admitted[place] = sum(check(key) for _ in range(TURNS))

    together(press, THREADS)
    return sum(admitted)


def most_in_a_minute(limiter: Limiter) -> int:
    """The most that any 60 seconds held, for clients that begin at another moment of
    the minute each and press ten times a second."""
    check = limiter.check_of(HUNDRED)
    most = 0
    for phase, key in zip(PHASES, fresh_keys(len(PHASES)), strict=True):
        with time_machine.travel(NOON + phase, tick=False) as clock:
            admitted = _pressed(check, key, clock)
        most = max(most, _most_within(admitted, 600))
    return most


def _pressed(check: Check, key: str, clock: time_machine.Traveller) -> list[int]:
    """In which tenths of a second it was let in."""
    admitted = []
    for tenth in range(PRESSED_SECONDS * 10):
        if check(key):
            admitted.append(tenth)
        clock.shift(0.1)
    return admitted


def _most_within(moments: Sequence[int], length: int) -> int:
    """Of moments in order, the most in any stretch that excludes its first end."""
    counts = [
        place - bisect_right(moments, moment - length)
        for place, moment in enumerate(moments, start=1)
    ]
    return max(counts)


def left_by_refusals(limiter: Limiter) -> int:
    """The fewest of the plan Starter's 100 that a client gets in a minute that begins
    with 60 at once, of which the burst admits 20."""
    check = limiter.check_of(STARTER)
    fewest = STARTER.per_minute
    for phase, key in zip(PHASES, fresh_keys(len(PHASES)), strict=True):
        with time_machine.travel(NOON + phase, tick=False) as clock:
            admitted = sum(check(key) for _ in range(AT_ONCE))
            for _ in range(25):
                clock.shift(2)
                admitted += sum(check(key) for _ in range(5))
        fewest = min(fewest, admitted)
    return fewest
