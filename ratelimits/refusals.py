"""What this process remembers of a store's refusals, so that it need not ask again."""

from __future__ import annotations

import time
from typing import NamedTuple

from ratelimits.limits import (
    MEMORY,
    MINUTE,
    Decision,
    Limits,
    Reading,
    decide,
    whole_seconds,
)
from ratelimits.local import Clock

MOST_KEYS = 100_000


class Refusal(NamedTuple):
    """The refusal of one request under some limits. Times are of the steady clock."""

    limits: Limits
    reading: Reading
    asked_at: int
    answered_at: int
    until: int


class Refusals:
    """Answers for a key that is refused anyway, in place of the store.

    It is exact: before the oldest counted request leaves its window nobody can be
    admitted, by whatever process. A key that is hammered so costs the store about one
    check for each request that it admits. Other limits, those of a new plan, make it
    forget the key.
    """

    def __init__(self, clock: Clock = time) -> None:
        self._clock = clock
        self._refused: dict[str, Refusal] = {}

    def recall(self, key: str, limits: Limits) -> Decision | None:
        """The refusal as it stands now, or none where the store has to be asked."""
        refusal = self._refused.get(key)
        if refusal is None:
            return None
        now = self._clock.monotonic_ns()
        if now >= refusal.until or limits != refusal.limits:
            self._refused.pop(key, None)
            return None
        # The store read its clock at some moment between these two. What is told, the
        # wait in whole seconds and which windows refuse, is the same for both.
        earliest = _later(refusal.reading, now - refusal.asked_at)
        latest = _later(refusal.reading, now - refusal.answered_at)
        decision = decide(limits, latest, source=MEMORY)
        is_sure = whole_seconds(max(earliest[1:4])) == decision.retry_after
        return decision if is_sure and _full(earliest) == _full(latest) else None

    def remember(
        self, key: str, limits: Limits, reading: Reading, *, asked_at: int
    ) -> None:
        """Keep the refusal of a request of cost 1 that was asked for at `asked_at`."""
        if reading.minute_used > limits.per_minute:
            # A plan became smaller. How many leave until one fits is not known here.
            return
        # The store read its clock between the question and the answer. It is asked
        # again too early rather than too late.
        until = asked_at + _unchanged_for(reading)
        if len(self._refused) >= MOST_KEYS:
            self._refused.clear()
        answered_at = self._clock.monotonic_ns()
        self._refused[key] = Refusal(limits, reading, asked_at, answered_at, until)


def _unchanged_for(reading: Reading) -> int:
    """Nanoseconds in which the same question gets the same answer.

    No longer than a minute: two clocks drift apart, and a store may lose its counts.
    """
    wait = max(reading.burst_wait, reading.minute_wait, reading.day_wait)
    # Then the minute has one more left, which the headers tell.
    more = reading.minute_more if reading.minute_used else wait
    unchanged = min(wait, more, MINUTE)
    # One thousandth is more than any clock drifts.
    return unchanged - unchanged // 1000


def _full(reading: Reading) -> list[bool]:
    """Of each window, whether it has no room."""
    return [wait > 0 for wait in reading[1:4]]


def _later(reading: Reading, passed: int) -> Reading:
    now, burst, minute, day, burst_more, minute_more, used, used_today = reading
    return Reading(
        now + passed,
        max(0, burst - passed),
        max(0, minute - passed),
        max(0, day - passed),
        max(0, burst_more - passed),
        max(0, minute_more - passed),
        used,
        used_today,
    )
