"""How many failed guesses an address and an account may make before they wait."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_ratelimit.core import get_usage

from ratelimits import in_flight
from ratelimits.addresses import client_address, network

# Guesses that queue leave two of the server's sixteen threads free but for a moment.
MOST_QUEUING = 14
# Who was let in a moment ago may still hold its seat in the queue, and look at a place
# that it does not take. So a full queue is given this long: refused at once, right
# guesses would pay for it.
SEAT_SECONDS = 0.25
QUEUE_SECONDS = 4.0
LOOK_SECONDS = 0.02
_queue = BoundedSemaphore(MOST_QUEUING)


class TooManyGuesses(Exception):
    """`seconds`: how long this caller has to wait before the next guess."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass
class Guess:
    """One try at a secret. It counts only if it is called wrong."""

    is_wrong: bool = False

    def wrong(self) -> None:
        self.is_wrong = True


@contextmanager
def guess(
    request: HttpRequest, group: str, *, account: str = "", device: str = ""
) -> Iterator[Guess]:
    """Around the check of a secret. Raises TooManyGuesses instead of letting it begin.

    `account` is an e-mail address or an id. Forms that guess at the same secret share a
    group. `device` names one that the account is known on: its guesses have a counter
    of their own, so that no stranger's keep the owner out, and the owner's none.

    Failed guesses and those under way are never more than the limit, however many come
    at once. Where all other places are taken by guesses that are still under way, one
    queues: most of them are right, and then nobody had to be refused. A queue ends as
    soon as the limit is reached by failures, so who knows no secret holds the server's
    threads no longer than `limit` checks take.
    """
    counters = _counters(request, group, account, device)
    places = _places(counters)
    this = Guess()
    try:
        yield this
    finally:
        # A failure is counted before its place is free: between the two it counts
        # twice, the other way round it would not count at all.
        for counter in counters if this.is_wrong else ():
            counter.fail()
        _give_back(places)


def failed(request: HttpRequest, group: str, *, account: str = "") -> int:
    """Count one failed guess for the address and for the account.

    The answer: the whole seconds to wait where it was one too many, else 0. Each call
    judges by the count that it made itself, so it is exact without a queue.
    """
    return max(counter.fail() for counter in _counters(request, group, account))


@dataclass(frozen=True, slots=True)
class Counter:
    """The failures of one address, account or device in one group."""

    request: HttpRequest
    key: str
    limit: int
    period: int

    def left(self) -> int:
        """How many more may fail. Raises TooManyGuesses where none may."""
        failures, seconds = self._usage(increment=False)
        if failures >= self.limit:
            raise TooManyGuesses(seconds)
        return self.limit - failures

    def has_room(self) -> bool:
        return in_flight.count(self.key) < self.left()

    def fail(self) -> int:
        """Count a failure: the seconds to wait where it was one too many, else 0."""
        failures, seconds = self._usage(increment=True)
        if failures >= self.limit:
            until = int(time.time()) + seconds
            caches[settings.RATELIMIT_USE_CACHE].set(self._mark, until, seconds)
        return seconds if failures > self.limit else 0

    def told(self) -> int:
        """The seconds to wait, as far as they are marked. It makes no new counter."""
        until: int = caches[settings.RATELIMIT_USE_CACHE].get(self._mark, 0)
        return until - int(time.time())

    @property
    def _mark(self) -> str:
        return f"{self.key}:full"

    def _usage(self, *, increment: bool) -> tuple[int, int]:
        """How many failed in the present window, and the seconds until its end."""
        usage = get_usage(
            self.request,
            # The package joins group, rate, key and window without separators. So its
            # group never ends in a digit, and ours is part of a key of fixed length.
            group="brakes:",
            key=lambda *_: self.key,
            # A tuple: the package reads a badly written text as a rate per second.
            rate=(self.limit, self.period),
            increment=increment,
        )
        # `should_limit` would admit one failure more than the limit, and the window
        # still counts in the second in which time_left is 0.
        return usage["count"], max(1, int(usage["time_left"]) + 1)


def _places(counters: list[Counter]) -> list[str]:
    """A place at each counter. Raises TooManyGuesses."""
    places, busy = _enter(counters)
    if busy is None:
        return places
    if not _queue.acquire(timeout=SEAT_SECONDS):
        raise TooManyGuesses(1)
    try:
        return _queued(counters, busy)
    finally:
        _queue.release()


def _queued(counters: list[Counter], busy: Counter | None) -> list[str]:
    # Rounds are counted, not seconds: a clock may stand.
    for _ in range(round(QUEUE_SECONDS / LOOK_SECONDS)):
        # Uneven, so that those who queue do not all knock at once again and again.
        time.sleep(LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
        if busy is not None and not busy.has_room():
            continue
        places, busy = _enter(counters)
        if busy is None:
            return places
    raise TooManyGuesses(1)


def _enter(counters: list[Counter]) -> tuple[list[str], Counter | None]:
    """A place at each counter, or none and the counter that has no room just now.

    First the place is taken, then failures are read: who failed in between has been
    counted already, and who has not left yet stands among the places.
    """
    places: list[str] = []
    for counter in counters:
        place, taken = in_flight.enter(counter.key)
        places.append(place)
        try:
            has_room = taken <= counter.left()
        except TooManyGuesses as refusal:
            _give_back(places)
            told = [other.told() for other in counters]
            raise TooManyGuesses(max(refusal.seconds, *told)) from None
        if not has_room:
            _give_back(places)
            return [], counter
    return places, None


def _give_back(places: list[str]) -> None:
    for place in places:
        in_flight.leave(place)


def _counters(
    request: HttpRequest, group: str, account: str, device: str = ""
) -> list[Counter]:
    if account and device:
        return [_counter(request, group, "device", f"{_folded(account)} {device}")]
    # The address stands first: while it waits, its guesses at ever new accounts
    # make no new counters that would push others out of the memory.
    seen = getattr(request, "client_address", "") or client_address(request.META, ())
    counters = [_counter(request, group, "address", network(seen))]
    if account:
        counters.append(_counter(request, group, "account", _folded(account)))
    return counters


def _counter(request: HttpRequest, group: str, kind: str, whose: str) -> Counter:
    limits = settings.BRAKES
    limit, period = limits["address" if kind == "address" else "account"]
    return Counter(request, _sealed(group, kind, whose), limit, period)


def _sealed(*parts: str) -> str:
    """A key that tells nobody whose it is.

    Each part carries its length, so that ("ab", "c") and ("a", "bc") differ.
    """
    text = "".join(f"{len(part)}:{part}" for part in parts)
    message = text.encode("utf-8", "surrogatepass")
    return salted_hmac("ratelimits.brakes", message, algorithm="sha256").hexdigest()


def _folded(account: str) -> str:
    """Spellings of one account share a counter: case, width, spaces around it."""
    folded = unicodedata.normalize("NFKC", account.strip()).casefold()
    return unicodedata.normalize("NFKC", folded)
