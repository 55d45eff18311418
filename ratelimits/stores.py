"""Which store counts for this process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ratelimits.limits import Decision, Limits
from ratelimits.local import LocalStore


class Store(Protocol):
    """Counts requests by an opaque key."""

    def check(self, key: str, limits: Limits, cost: int = 1) -> Decision:
        """Count a request of this cost or refuse it; see LocalStore.check."""
        ...


STORES: dict[str, Callable[[], Store]] = {"local": LocalStore}

_lock = Lock()
_stores: dict[str, Store] = {}


def store() -> Store:
    """The one store of this process, as `settings.LIMITER` names it."""
    name = settings.LIMITER
    # Two first requests at once must not count in two stores.
    with _lock:
        if name not in _stores:
            _stores[name] = _built(name)
        return _stores[name]


def reset() -> None:
    """Forget every count; for tests."""
    with _lock:
        _stores.clear()


def _built(name: str) -> Store:
    if name not in STORES:
        known = ", ".join(STORES)
        raise ImproperlyConfigured(f'LIMITER is "{name}", but may be one of: {known}.')
    return STORES[name]()
