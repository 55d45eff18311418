"""How often a caller may ask, and what the limiter says to one request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

WINDOWS = ("burst", "minute", "day")
# This process alone, Redis, what this process remembers of a refusal by Redis, and this
# process in place of a Redis that is away.
SOURCES = LOCAL, REDIS, MEMORY, FALLBACK = "local", "redis", "memory", "fallback"
WRITTEN = re.compile(r"([1-9][0-9]{0,8})/(s|min|day)")
FIELD_OF_UNIT = {"min": "per_minute", "s": "burst", "day": "daily"}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most requests in any minute, in any second (burst) and in one UTC day.

    `daily` is None where a plan has no daily quota. Every number is at least 1.
    """

    per_minute: int
    burst: int
    daily: int | None

    def __post_init__(self) -> None:
        for name in FIELD_OF_UNIT.values():
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(f"{name} is at least 1, not {number}.")

    @classmethod
    def parse(cls, text: str) -> Limits:
        """Read "600/min, 100/s" or "600/min, 100/s, 10000/day", in any order.

        Raises ValueError, with a sentence that shows how it is written.
        """
        numbers: dict[str, int] = {}
        for part in text.split(","):
            written = WRITTEN.fullmatch(part.strip())
            if written is None:
                raise _badly_written(text, f'"{part.strip()}" is not a limit')
            field = FIELD_OF_UNIT[written[2]]
            if field in numbers:
                raise _badly_written(text, f'"/{written[2]}" stands there twice')
            numbers[field] = int(written[1])
        if not {"per_minute", "burst"} <= numbers.keys():
            raise _badly_written(text, '"/min" and "/s" are both needed')
        return cls(numbers["per_minute"], numbers["burst"], numbers.get("daily"))

    def of(self, window: str) -> int:
        """The limit of one window: "burst", "minute" or "day"."""
        if window == "burst":
            return self.burst
        if window == "day" and self.daily is not None:
            return self.daily
        return self.per_minute


def _badly_written(text: str, mistake: str) -> ValueError:
    return ValueError(
        f'Limits "{text}": {mistake}. Write whole numbers from 1, for example '
        '"600/min, 100/s" or "600/min, 100/s, 10000/day".'
    )


class Reading(NamedTuple):
    """What a store saw in one step, after it counted the request if it fitted.

    All times are nanoseconds; `now` counts from 1970 UTC. A wait is the time until
    the request would fit that window, 0 where it fits. `minute_more` is the time
    until the minute gives back a request, 0 when none is used; `burst_more` the time
    until the second admits one more request, 0 when it does now.
    """

    now: int
    burst_wait: int
    minute_wait: int
    day_wait: int
    burst_more: int
    minute_more: int
    minute_used: int
    day_used: int


class Quota(NamedTuple):
    """One window: requests left, and nanoseconds until it has more."""

    window: str
    left: int
    more_in: int


class Decision(NamedTuple):
    """The limiter's answer.

    `window`, `limit`, `remaining` and `reset` describe one window: when allowed the
    minute, or the day once it has less left or nothing; when refused the window that
    makes the caller wait longest, with 0 remaining. `reset` is the Unix second,
    rounded up, at which that window has more. `retry_after` is 0 when allowed, else
    whole seconds from 1: a caller alone on its key that waits so long is let in.
    `violated` names every window that refused, the shortest first. `reading` tells
    about all windows. `source` says who counted: one of SOURCES.
    """

    allowed: bool
    window: str
    limit: int
    remaining: int
    reset: int
    retry_after: int
    violated: tuple[str, ...]
    reading: Reading
    source: str


def decide(limits: Limits, reading: Reading, *, source: str) -> Decision:
    """Turn what a store saw into the answer; the same for every store."""
    # Read as a tuple: each request pays for every name that is looked up here.
    now, burst_wait, minute_wait, day_wait, _, minute_more, used, used_today = reading
    if burst_wait or minute_wait or day_wait:
        return _refusal(limits, reading, source)
    # The burst says nothing to a client that was let in: only the day competes.
    limit, daily = limits.per_minute, limits.daily
    left = max(0, limit - used)
    if daily is not None:
        today = max(0, daily - used_today)
        # With nothing left in both, the minute's reset would promise too much.
        if today < left or not today:
            reset = whole_seconds(now + until_midnight(now))
            return Decision(True, "day", daily, today, reset, 0, (), reading, source)
    reset = whole_seconds(now + minute_more)
    return Decision(True, "minute", limit, left, reset, 0, (), reading, source)


def foreseen(limits: Limits, looked: Decision) -> Decision:
    """What one request would be told now, after a look that counted nothing."""
    reading, daily = looked.reading, limits.daily
    is_full = reading.minute_used >= limits.per_minute
    is_over = daily is not None and reading.day_used >= daily
    waits = reading._replace(
        burst_wait=reading.burst_more,
        minute_wait=reading.minute_more if is_full else 0,
        day_wait=until_midnight(reading.now) if is_over else 0,
    )
    return decide(limits, waits, source=looked.source)


def quotas(limits: Limits, reading: Reading) -> list[Quota]:
    """The minute, the day where it is limited, the burst only when it is used up.

    A window that refuses has 0 left, even where a cheaper request would still fit: a
    429 that shows a remainder invites a retry at once.
    """
    left = 0 if reading.minute_wait else limits.per_minute - reading.minute_used
    more_in = reading.minute_wait or reading.minute_more
    told = [Quota("minute", max(0, left), more_in)]
    if limits.daily is not None:
        left = 0 if reading.day_wait else limits.daily - reading.day_used
        told.append(Quota("day", max(0, left), until_midnight(reading.now)))
    if burst := reading.burst_wait or reading.burst_more:
        told.append(Quota("burst", 0, burst))
    return told


def whole_seconds(nanoseconds: int) -> int:
    """Rounded up: who waits this long never comes too early."""
    return -(-nanoseconds // SECOND)


def until_midnight(now: int) -> int:
    """Nanoseconds from `now` (since 1970) to the next 00:00 UTC, at least 1."""
    return DAY - now % DAY


def _refusal(limits: Limits, reading: Reading, source: str) -> Decision:
    now, burst, minute, day = reading[:4]
    violated = tuple(compress(WINDOWS, (burst, minute, day)))
    longest = max(burst, minute, day)
    # Of equal waits the longer window: it gives back less often.
    window = "day" if day == longest else "minute" if minute == longest else "burst"
    reset, retry_after = whole_seconds(now + longest), whole_seconds(longest)
    limit = limits.of(window)
    return Decision(
        False, window, limit, 0, reset, retry_after, violated, reading, source
    )
