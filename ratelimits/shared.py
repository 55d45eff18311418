"""The limiter of a process that shares its counts with others, by Redis."""

from __future__ import annotations

import time
from threading import Lock

from redis.exceptions import RedisError, TimeoutError

from ratelimits.limits import DAY, FALLBACK, Decision, Limits
from ratelimits.local import Clock, LocalStore
from ratelimits.redis_server import Breaker
from ratelimits.redis_store import RedisStore
from ratelimits.refusals import Refusals

MINUTE_SECONDS = 60.0
MOST_OWED = 100_000


class SharedStore:
    """Counts in Redis, and in this process while Redis is away.

    Each process also notes what Redis admitted through it. So without Redis none
    begins at nothing, and all together never admit more than the limit times their
    number. For a minute after Redis is back both have to admit a request, and what was
    used without it is added to the day.
    """

    def __init__(
        self, redis: RedisStore, breaker: Breaker, *, clock: Clock = time
    ) -> None:
        self._redis = redis
        self._breaker = breaker
        self._clock = clock
        self._forget()

    def check(self, key: str, limits: Limits, cost: int = 1) -> Decision:
        """As LocalStore.check. It never raises for the sake of Redis."""
        if cost == 1:
            remembered = self._refusals.recall(key, limits)
            if remembered is not None:
                return remembered
        if not self._breaker.may_ask():
            return self._alone(key, limits, cost)
        if self._breaker.down or self._breaker.back_for() < MINUTE_SECONDS:
            return self._both(key, limits, cost)
        decision = self._ask(key, limits, cost)
        if decision is None:
            return self._alone(key, limits, cost)
        if cost and decision.allowed:
            self._local.note(key, cost)
        return decision

    def clear(self) -> None:
        """Forget every count, here and in Redis; for tests. Raises RedisError."""
        self._forget()
        self._redis.clear()

    def _forget(self) -> None:
        self._local = LocalStore(self._clock, source=FALLBACK)
        self._refusals = Refusals(self._clock)
        self._owed = Owed(self._clock)

    def _ask(self, key: str, limits: Limits, cost: int) -> Decision | None:
        """What Redis says, none where it does not answer."""
        # Not with a question whether it is back: each that fails would lose some.
        owed = 0 if self._breaker.down else self._owed.take(key)
        asked_at = self._clock.monotonic_ns()
        try:
            decision = self._redis.check(key, limits, cost, elsewhere=owed)
        except RedisError as error:
            self._breaker.trip(error)
            # After a time-out it may have been told: it is not told twice.
            if not isinstance(error, TimeoutError):
                self._owed.add(key, owed)
            return None
        self._breaker.mend()
        if cost == 1 and not decision.allowed:
            self._refusals.remember(key, limits, decision.reading, asked_at=asked_at)
        return decision

    def _alone(self, key: str, limits: Limits, cost: int) -> Decision:
        decision = self._local.check(key, limits, cost)
        if decision.allowed:
            self._owed.add(key, cost)
        return decision

    def _both(self, key: str, limits: Limits, cost: int) -> Decision:
        """While it is not known whether Redis is back, and in the minute after."""
        own = self._local.check(key, limits, cost)
        if not own.allowed:
            if self._breaker.down:
                # Who is refused finds out as well whether Redis is back.
                self._ask(key, limits, 0)
            return own
        decision = self._ask(key, limits, cost)
        if decision is None:
            self._owed.add(key, cost)
            return own
        if not decision.allowed:
            self._local.take_back(key, cost)
        return decision


class Owed:
    """What was used today while Redis was away, by key, until Redis is told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._day = 0
        self._used: dict[str, int] = {}

    def add(self, key: str, used: int) -> None:
        if not used:
            return
        with self._lock:
            self._begin_day()
            if key in self._used or len(self._used) < MOST_OWED:
                self._used[key] = self._used.get(key, 0) + used

    def take(self, key: str) -> int:
        """What is owed for a key, which from here on is the caller's to tell."""
        # Nearly always there is nothing, and each request asks.
        if key not in self._used:
            return 0
        with self._lock:
            self._begin_day()
            return self._used.pop(key, 0)

    def _begin_day(self) -> None:
        today = self._clock.time_ns() // DAY
        if today != self._day:
            self._day = today
            self._used.clear()
