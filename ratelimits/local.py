"""The limiter's store inside one process: exact, thread-safe and bounded."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Protocol

from ratelimits.limits import (
    DAY,
    LOCAL,
    MINUTE,
    SECOND,
    Decision,
    Limits,
    Reading,
    decide,
    until_midnight,
)

# Made-up addresses must not fill the memory. At the cap the key that was silent for
# longest is forgotten, so a busy key keeps its count however many others appear.
MOST_KEYS = 100_000


class Clock(Protocol):
    """Two clocks in nanoseconds: one never steps back, one knows the date.

    The module `time` is one.
    """

    def monotonic_ns(self) -> int: ...

    def time_ns(self) -> int: ...


class LocalStore:
    """Counts in the memory of this process.

    Burst and minute are rolling windows over a log of the times at which requests
    were admitted, oldest first; a request exactly one window ago no longer counts.
    The daily quota counts in the UTC day of the wall clock. A full minute of 2,000
    requests takes 17 KB. A wall clock that is set over midnight starts the daily
    count anew.
    """

    def __init__(
        self, clock: Clock = time, *, most_keys: int = MOST_KEYS, source: str = LOCAL
    ) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._source = source
        self._lock = Lock()
        self._logs: OrderedDict[str, array[int]] = OrderedDict()
        self._day = 0
        self._used_today: OrderedDict[str, int] = OrderedDict()

    def check(self, key: str, limits: Limits, cost: int = 1) -> Decision:
        """Admit and count a request of this cost, or refuse it and count nothing.

        All windows decide together. Cost 0 only looks: it is always allowed, counts
        nothing and tells what is left. A cost above the limit of a window never
        fits: it is refused every time, and told to wait one whole window. Limits
        may differ from call to call, and hold at once. Raises ValueError for a
        negative cost.
        """
        if cost < 0:
            raise ValueError(f"A cost is 0 or more, not {cost}.")
        with self._lock:
            reading = self._read(key, limits, cost)
        return decide(limits, reading, source=self._source)

    def note(self, key: str, cost: int = 1) -> None:
        """Count what another store has admitted."""
        with self._lock:
            now = self._clock.monotonic_ns()
            used = self._today(key, self._clock.time_ns())
            self._count(key, self._recent(key, now), now, used, cost=cost)

    def take_back(self, key: str, cost: int) -> None:
        """Forget the last request of this cost: another store has refused it."""
        with self._lock:
            log = self._logs.get(key)
            if log:
                del log[-cost:]
            used = self._today(key, self._clock.time_ns())
            self._used_today[key] = max(0, used - cost)

    def restore(self, used_today: Mapping[str, int]) -> None:
        """Add what was used today before this process began, by key."""
        with self._lock:
            wall = self._clock.time_ns()
            for key, used in used_today.items():
                self._used_today[key] = self._today(key, wall) + used
            while len(self._used_today) > self._most_keys:
                self._used_today.popitem(last=False)

    def clear(self) -> None:
        """Forget every count; for tests."""
        with self._lock:
            self._logs.clear()
            self._used_today.clear()

    def _read(self, key: str, limits: Limits, cost: int) -> Reading:
        # The clocks are read under the lock: the log stays sorted.
        now, wall = self._clock.monotonic_ns(), self._clock.time_ns()
        log = self._recent(key, now)
        used, daily = self._today(key, wall), limits.daily
        burst = minute = day = 0
        if cost:
            burst = _wait(log, limits.burst - cost, SECOND, now)
            minute = _wait(log, limits.per_minute - cost, MINUTE, now)
            if daily is not None and used + cost > daily:
                day = until_midnight(wall)
            if not (burst or minute or day):
                # Counted without a daily limit too: a smaller plan holds at once.
                used += cost
                self._count(key, log, now, used - cost, cost=cost)
        burst_more = _wait(log, limits.burst - 1, SECOND, now)
        # A plan that became smaller can leave more in the log than it admits.
        in_minute = len(log)
        oldest = log[max(0, in_minute - limits.per_minute)] if log else now - MINUTE
        minute_more = oldest + MINUTE - now
        return Reading(
            wall, burst, minute, day, burst_more, minute_more, in_minute, used
        )

    def _recent(self, key: str, now: int) -> array[int]:
        """The key's log without what is older than a minute."""
        log = self._logs.get(key)
        if log is None:
            return array("q")
        self._logs.move_to_end(key)
        if log and log[0] <= now - MINUTE:
            del log[: bisect_right(log, now - MINUTE)]
        return log

    def _today(self, key: str, wall: int) -> int:
        """How many of this key were admitted in the current UTC day."""
        day = wall // DAY
        if day != self._day:
            self._day = day
            self._used_today.clear()
        used = self._used_today.get(key)
        if used is None:
            return 0
        self._used_today.move_to_end(key)
        return used

    def _count(
        self, key: str, log: array[int], now: int, used: int, *, cost: int
    ) -> None:
        if cost == 1:
            log.append(now)
        else:
            log.extend([now] * cost)
        self._used_today[key] = used + cost
        if len(self._used_today) > self._most_keys:
            self._used_today.popitem(last=False)
        if key not in self._logs:
            self._logs[key] = log
            self._forget(now)

    def _forget(self, now: int) -> None:
        """Drop the least recently used: what has expired, and what is too much."""
        # Two for each one added, so that expired logs shrink faster than they grow.
        for _ in range(2):
            key, log = next(iter(self._logs.items()))
            if len(self._logs) <= self._most_keys and log and log[-1] > now - MINUTE:
                return
            del self._logs[key]


def _wait(log: array[int], others: int, window: int, now: int) -> int:
    """Nanoseconds until at most `others` stand in the window; below 0: all of it."""
    place = len(log) - 1 - others
    if place < 0:
        return 0
    if others < 0:
        return window
    until = log[place] + window
    return until - now if until > now else 0
