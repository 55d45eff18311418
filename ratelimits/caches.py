"""The cache of the brakes: Redis, and this process's memory while Redis is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

logger = logging.getLogger(__name__)

# redis-py waits 5 s and tries 10 times on its own: a request would hang for seconds
# at every check. Its maintenance notices would lift the time-out to 10 s again.
QUICK = {
    "socket_timeout": 0.05,
    "socket_connect_timeout": 0.05,
    "retry": Retry(NoBackoff(), 0),
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}
PAUSE = 5.0

# Django's own 300 entries are culled so early that a flood frees a blocked address.
MEMORY = {"OPTIONS": {"MAX_ENTRIES": 100_000}}


class Breaker:
    """Knows for all threads whether a server answers, and when to ask it again."""

    def __init__(self, pause: float) -> None:
        self.down = False
        self._pause = pause
        self._ask_at = 0.0
        self._lock = Lock()

    def may_ask(self) -> bool:
        """While it is down: True for one caller in each pause."""
        with self._lock:
            now = time.monotonic()
            if now < self._ask_at:
                return False
            self._ask_at = now + self._pause
            return True

    def trip(self, error: RedisError) -> None:
        """The server failed: leave it alone for a pause."""
        with self._lock:
            self._ask_at = time.monotonic() + self._pause
            if not self.down:
                logger.warning("Redis is away, the brakes count in memory: %s", error)
            self.down = True

    def mend(self) -> None:
        """The server answered again."""
        with self._lock:
            if self.down:
                logger.warning("Redis is back, the brakes count in it again.")
            self.down = False


# Django makes a cache object for each thread: what they know must be shared.
_breakers: dict[str, Breaker] = {}


class FailoverClient:
    """Has the methods of Django's Redis client, and answers each of them somehow.

    `pause` is how many seconds a failed server is left alone.
    """

    def __init__(
        self, servers: list[str], *, pause: float = PAUSE, **options: Any
    ) -> None:
        name = f"failover:{','.join(servers)}"
        self._redis = RedisCacheClient(servers, **{**QUICK, **options})
        self._memory = LocMemCache(name, MEMORY)
        self._breaker = _breakers.setdefault(name, Breaker(pause))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # Both have the same methods with the same arguments, add to clear.
        return partial(self._answer, name)

    def _answer(self, name: str, *args: Any) -> Any:
        from_memory = getattr(self._memory, name)
        was_down = self._breaker.down
        if was_down and not self._breaker.may_ask():
            return from_memory(*args)
        try:
            answer = getattr(self._redis, name)(*args)
        except RedisError as error:
            self._breaker.trip(error)
            return from_memory(*args)
        if was_down:
            self._breaker.mend()
        return answer


class FailoverCache(RedisCache):
    """Django's Redis cache that neither raises nor stalls when Redis is away.

    It then counts in this process, which stays a limit: at most as many times the
    limit as there are processes.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = FailoverClient
