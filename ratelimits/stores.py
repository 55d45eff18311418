"""Which store counts for this process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error

from ratelimits.ledger import charged_today
from ratelimits.limits import Decision, Limits
from ratelimits.local import LocalStore
from ratelimits.redis_server import breaker_of, server
from ratelimits.redis_store import RedisStore
from ratelimits.shared import SharedStore

logger = logging.getLogger(__name__)


class Store(Protocol):
    """Counts requests by an opaque key."""

    def check(self, key: str, limits: Limits, cost: int = 1) -> Decision:
        """Count a request of this cost or refuse it; see LocalStore.check."""

    def clear(self) -> None:
        """Forget every count."""


def _local() -> Store:
    counts = LocalStore()
    if settings.USAGE_SECONDS:
        try:
            counts.restore(charged_today())
        except Error:
            logger.warning("What was used today is not known: it begins at nothing.")
    return counts


def _shared() -> Store:
    url = settings.REDIS_URL
    redis = RedisStore(server(url), prefix=settings.REDIS_PREFIX)
    return SharedStore(redis, breaker_of(url))


STORES: dict[str, Callable[[], Store]] = {"local": _local, "redis": _shared}

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
        for each in _stores.values():
            each.clear()
        _stores.clear()


def _built(name: str) -> Store:
    if name not in STORES:
        known = ", ".join(STORES)
        raise ImproperlyConfigured(f'LIMITER is "{name}", but may be one of: {known}.')
    return STORES[name]()
