"""How many failed guesses an address and an account may make before they wait."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_ratelimit.core import get_usage

from ratelimits.addresses import client_address, network

Counter = Callable[..., dict[str, Any] | None]


def wait(request: HttpRequest, group: str, *, account: str = "") -> int:
    """Whole seconds this caller has to wait before the next guess; 0: go on.

    Ask before a secret is checked, for the address and for the account (an e-mail, a
    client id). Forms that guess at the same secret share a group. Guesses that run
    at the same moment all see the count before them, so as many more than the limit
    can pass as there are threads. A wait ends with the period in `settings.BRAKES`.
    """
    for counter in _counters(request, group, account):
        usage = counter(increment=False)
        # `should_limit` would admit one failure more than the limit.
        if usage is not None and usage["count"] >= usage["limit"]:
            # The window still counts in the second in which time_left is 0.
            return max(1, int(usage["time_left"]) + 1)
    return 0


def failed(request: HttpRequest, group: str, *, account: str = "") -> None:
    """Count one failed guess for the address and for the account."""
    for counter in _counters(request, group, account):
        counter(increment=True)


def _counters(request: HttpRequest, group: str, account: str) -> Iterator[Counter]:
    # The address stands first: while it waits, its guesses at ever new accounts
    # make no new counters that would push others out of the memory.
    seen = getattr(request, "client_address", "") or client_address(request.META, ())
    yield _counter(request, group, "address", network(seen))
    if account:
        yield _counter(request, group, "account", _folded(account))


def _counter(request: HttpRequest, group: str, kind: str, whose: str) -> Counter:
    key = _sealed(group, kind, whose)
    return partial(
        get_usage,
        request,
        # The package joins group, rate, key and window without separators. So its
        # group never ends in a digit, and ours is part of a key of fixed length.
        group="brakes:",
        key=lambda *_: key,
        # A tuple: the package reads a badly written text as a rate per second.
        rate=tuple(settings.BRAKES[kind]),
    )


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
