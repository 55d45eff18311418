"""How many guesses at one secret are under way at this moment, in all processes."""

from __future__ import annotations

import time
from contextlib import suppress

from django.conf import settings
from django.core.cache import BaseCache, caches

# A guess has to end within one span, and the clocks of the hosts have to agree as well
# as that. A process that is killed takes its places along: they are forgotten after two
# spans, whoever keeps knocking meanwhile. One counter with a life that each guess
# prolongs would never forget them.
SPAN_SECONDS = 30
LIFE_SECONDS = 4 * SPAN_SECONDS


def enter(key: str) -> tuple[str, int]:
    """Take a place among the guesses at `key`, and say how many are taken with it.

    Of two guesses that enter at the same moment the one that is counted later sees the
    other: each counts itself first and looks at the neighbours' spans afterwards.
    """
    before, own, after = _spans(key)
    taken = _count_up(own)
    return own, taken + _sum([before, after])


def leave(place: str) -> None:
    """Give the place back. It is gone where Redis went away or came back meanwhile."""
    with suppress(ValueError):
        _cache().decr(place)


def count(key: str) -> int:
    """How many places are taken."""
    return _sum(_spans(key))


def _spans(key: str) -> list[str]:
    now = int(time.time()) // SPAN_SECONDS
    return [f"{key}:{span}" for span in (now - 1, now, now + 1)]


def _count_up(place: str) -> int:
    if _cache().add(place, 1, LIFE_SECONDS):
        return 1
    try:
        # Below 1 where places were given back that another cache had counted.
        return max(1, _cache().incr(place))
    except ValueError:
        # Redis knew the place, and went away before it could count.
        _cache().add(place, 1, LIFE_SECONDS)
        return 1


def _sum(places: list[str]) -> int:
    return sum(max(0, taken) for taken in _cache().get_many(places).values())


def _cache() -> BaseCache:
    return caches[settings.RATELIMIT_USE_CACHE]
