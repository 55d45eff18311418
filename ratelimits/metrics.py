"""What an operator watches: decisions of the limiter, and how requests ended."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, product
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ratelimits.limits import LOCAL, REDIS, SOURCES, Decision
from ratelimits.stores import store
from ratelimits.worker_numbers import WorkerNumbers

ANSWERS = {True: "allowed", False: "limited"}
STATUSES = ("2xx", "3xx", "4xx", "5xx")
# The upper ends of the buckets; a last one has no end.
BUCKET_ENDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
BUCKET_LABELS = [*map(str, BUCKET_ENDS), "+Inf"]
BUCKETS = len(BUCKET_LABELS)
NANOSECOND = 1e-9

# Where each number stands: the decisions, the time that requests took, the buckets.
DECISIONS = {pair: index for index, pair in enumerate(product(SOURCES, ANSWERS))}
FIRST_TIME = len(DECISIONS)
FIRST_BUCKET = FIRST_TIME + len(STATUSES)
WRONG_GUESSES = FIRST_BUCKET + len(STATUSES) * BUCKETS
HOW_MANY = WRONG_GUESSES + 1


def _folder() -> Path | None:
    """Limits in memory are for one process, so that its memory holds all numbers."""
    return None if settings.LIMITER == LOCAL else settings.DATA_DIR / "metrics"


numbers = WorkerNumbers(HOW_MANY, _folder)


def decided(decision: Decision) -> None:
    """Count one answer of the limiter."""
    numbers.add((DECISIONS[decision.source, decision.allowed], 1))


def answered(status: int, seconds: float) -> None:
    """Count one request, by the hundred of its status."""
    hundred = status // 100 - 2
    bucket = FIRST_BUCKET + hundred * BUCKETS + bisect_left(BUCKET_ENDS, seconds)
    numbers.add((bucket, 1), (FIRST_TIME + hundred, int(seconds / NANOSECOND)))


def guessed_wrong() -> None:
    """Count one wrong password, code or token: what the brakes count."""
    numbers.add((WRONG_GUESSES, 1))


def wrong_guesses() -> int:
    """On this machine, since its numbers began. Raises OSError."""
    return numbers.totals()[WRONG_GUESSES]


def exposition() -> bytes:
    """All metrics of this machine, in the text format of Prometheus. Raises OSError
    where the numbers of the other processes cannot be known."""
    registry = CollectorRegistry()
    registry.register(Families(numbers.totals()))
    return generate_latest(registry)


class Families(Collector):
    """The numbers under their names. No label holds what a caller chooses."""

    def __init__(self, totals: list[int]) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        yield self._decisions()
        yield from self._requests()
        text = "Wrong passwords, codes and tokens at the doors that are braked."
        guesses = self._totals[WRONG_GUESSES]
        yield CounterMetricFamily("doorward_wrong_guesses", text, guesses)
        if settings.LIMITER == REDIS:
            text = "Whether Redis decides: 1, or 0 while each process counts by itself."
            yield GaugeMetricFamily("doorward_limiter_redis_up", text, _redis_decides())

    def _decisions(self) -> Metric:
        family = CounterMetricFamily(
            "doorward_limiter_decisions",
            "Requests that the limiter judged, by who counted.",
            labels=["source", "outcome"],
        )
        for (source, allowed), index in DECISIONS.items():
            family.add_metric([source, ANSWERS[allowed]], self._totals[index])
        return family

    def _requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "doorward_requests", "Requests answered.", labels=["status"]
        )
        durations = HistogramMetricFamily(
            "doorward_request_duration_seconds",
            "From the first line of our code to the answer's head.",
            labels=["status"],
        )
        for hundred, status in enumerate(STATUSES):
            first = FIRST_BUCKET + hundred * BUCKETS
            counts = list(accumulate(self._totals[first : first + BUCKETS]))
            requests.add_metric([status], counts[-1])
            taken = self._totals[FIRST_TIME + hundred] * NANOSECOND
            buckets = list(zip(BUCKET_LABELS, map(float, counts), strict=True))
            durations.add_metric([status], buckets, taken)
        yield from (requests, durations)


def _redis_decides() -> bool:
    """Asked now: what an idle process remembers of Redis may be long past."""
    look = store().check("metrics", settings.ANONYMOUS_LIMITS, cost=0)
    return look.source == REDIS
