"""How long one check takes, admitted and refused."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import nan

from bench.limits.limiters import PROCESS, Check, Limiter, fresh_keys
from ratelimits.limits import Limits

# So few that most of them are not interrupted on a machine that does other things too.
FEW = 50


class Disturbed(Exception):
    """Not every answer was the one that is measured."""


@dataclass(frozen=True, slots=True)
class Case:
    """Limits, and how they are used: each key has `filled` requests in its minute
    before `each` more are measured."""

    name: str
    limits: Limits
    keys: int
    each: int
    filled: int = 0


STARTER = Limits(100, 20, 10_000)
ENTERPRISE = Limits(2_000, 500, None)
CASES = [
    Case("100/min", Limits(100, 100, None), keys=20, each=20),
    Case("Starter", STARTER, keys=40, each=10),
    Case("Enterprise", ENTERPRISE, keys=1, each=400, filled=1_500),
]


@dataclass
class Timing:
    """Microseconds of a check, one figure of each kind for each round."""

    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def add(self, microseconds: Sequence[float]) -> None:
        self.p50.append(statistics.median(microseconds))
        self.p99.append(sorted(microseconds)[int(len(microseconds) * 0.99)])

    @property
    def middle(self) -> float:
        return statistics.median(self.p50 or [nan])

    @property
    def tail(self) -> float:
        return statistics.median(self.p99 or [nan])


def only_minute(limits: Limits) -> Limits:
    """Without the other windows, so that the minute can be filled in no time."""
    return Limits(limits.per_minute, limits.per_minute, None)


def prepare(limiter: Limiter, case: Case) -> list[str]:
    """Keys as the case wants them. It takes a second until their burst is over."""
    fill = limiter.check_of(only_minute(case.limits))
    keys = fresh_keys(case.keys)
    for key in keys * case.filled:
        fill(key)
    return keys


def measure_round(
    limiter: Limiter, case: Case, keys: list[str], into: tuple[Timing, Timing]
) -> None:
    """First admitted checks, then those of a key that is full."""
    check = limiter.check_of(case.limits)
    time_of = mean if limiter.home == PROCESS else one_by_one
    turns = keys * case.each
    random.shuffle(turns)
    # A fixed window ends now and then in the middle: such a round does not count.
    with suppress(Disturbed):
        into[0].add(time_of(check, turns, admitted=True))
        fill = limiter.check_of(only_minute(case.limits))
        while fill(keys[0]):
            pass
        into[1].add(time_of(check, keys[:1] * len(turns), admitted=False))


def mean(check: Check, keys: Sequence[str], *, admitted: bool) -> list[float]:
    """The mean of every few checks, without what the loop itself takes: to read the
    clock takes too long for one of them."""
    means = []
    for part in (keys[at : at + FEW] for at in range(0, len(keys), FEW)):
        begun = time.perf_counter_ns()
        _ = [key for key in part]  # noqa: C416 - the same loop without a check
        between = time.perf_counter_ns()
        answers = [check(key) for key in part]
        taken = time.perf_counter_ns() - between - (between - begun)
        _compare(answers, admitted)
        means.append(taken / len(part) / 1000)
    return means


def one_by_one(check: Check, keys: Sequence[str], *, admitted: bool) -> list[float]:
    taken, answers = [], []
    for key in keys:
        begun = time.perf_counter_ns()
        answer = check(key)
        taken.append((time.perf_counter_ns() - begun) / 1000)
        answers.append(answer)
    _compare(answers, admitted)
    return taken


def _compare(answers: Sequence[bool], admitted: bool) -> None:
    if any(answer != admitted for answer in answers):
        raise Disturbed
