"""The cache of the brakes: Redis, and this process's memory while Redis is away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisClusterException, RedisError

from ratelimits.redis_server import CLUSTER, PAUSE, QUICK, Cluster, breaker_of

# Django's own 300 entries are culled so early that a flood frees a blocked address.
MEMORY = {"OPTIONS": {"MAX_ENTRIES": 100_000}}
ABSENT = object()


class PrefixedClient(RedisCacheClient):
    """Django's Redis client, also for a cluster, but its `clear` leaves alone what is
    not this cache's."""

    def __init__(self, servers: list[str], *, prefix: str, **options: Any) -> None:
        super().__init__(servers, **options)
        self._prefix = prefix
        self._cluster = Cluster(servers[0]) if CLUSTER in servers[0] else None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        if self._cluster is not None:
            return self._cluster.client()
        return super().get_client(key, write=write)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        if self._cluster is None:
            found: dict[Any, Any] = super().get_many(keys)
            return found
        # One question for several names is refused where they lie on several nodes.
        asked = {key: self.get(key, ABSENT) for key in keys}
        return {key: value for key, value in asked.items() if value is not ABSENT}

    def clear(self) -> bool:
        client = self.get_client(write=True)
        for name in client.scan_iter(f"{self._prefix}:*", count=1000):
            client.delete(name)
        return True


class FailoverClient:
    """Has the methods of Django's Redis client, and answers each of them somehow.

    `pause` is how many seconds a failed server is left alone.
    """

    def __init__(
        self, servers: list[str], *, prefix: str, pause: float = PAUSE, **options: Any
    ) -> None:
        self._redis = PrefixedClient(servers, prefix=prefix, **{**QUICK, **options})
        # By its name all threads share it: Django makes a cache object for each.
        self._memory = LocMemCache(f"failover:{servers[0]}", MEMORY)
        self._breaker = breaker_of(servers[0], pause)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # Both have the same methods with the same arguments, add to clear.
        return partial(self._answer, name)

    def _answer(self, name: str, *args: Any) -> Any:
        from_memory = getattr(self._memory, name)
        if not self._breaker.may_ask():
            return from_memory(*args)
        try:
            answer = getattr(self._redis, name)(*args)
        except (RedisError, RedisClusterException) as error:
            self._breaker.trip(error)
            return from_memory(*args)
        self._breaker.mend()
        return answer


class FailoverCache(RedisCache):
    """Django's Redis cache that neither raises nor stalls when Redis is away.

    It then counts in this process, which stays a limit: at most as many times the
    limit as there are processes. It needs a KEY_PREFIX, by which it knows its own.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = FailoverClient
        self._options["prefix"] = self.key_prefix  # type: ignore[attr-defined]
