"""How Redis (or Valkey) is asked: quickly, once, and not at all while it is away."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from threading import Lock
from typing import Any, Protocol, cast

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError, RedisClusterException
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

logger = logging.getLogger(__name__)

# redis-py waits 5 s and tries 10 times on its own: a request would hang for seconds
# at every check. Its maintenance notices would lift the time-out to 10 s again.
SECONDS = 0.05
TIME_OUTS = ("socket_timeout", "socket_connect_timeout")
QUICK = {
    **dict.fromkeys(TIME_OUTS, SECONDS),
    "retry": Retry(NoBackoff(), 0),
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}
CLUSTER = "+cluster"
# How many seconds a server that failed is left alone.
PAUSE = 1.0


class Server(Protocol):
    """Whom a store asks."""

    def call(self, *words: str | int) -> Any:
        """The answer to one command. Raises RedisError."""


def server(url: str, *, seconds: float = SECONDS) -> Server:
    """Of redis://, rediss:// and unix://, or of a cluster: redis+cluster:// and
    rediss+cluster:// with any of its nodes. Opens nothing yet."""
    return (Cluster if CLUSTER in url else Lines)(url, seconds=seconds)


def is_address(url: str) -> bool:
    """Whether a connection could be made of it, as far as can be told without one."""
    try:
        ConnectionPool.from_url(url.replace(CLUSTER, "", 1), **QUICK).make_connection()
    except (ValueError, TypeError):
        # A port that is no number, as behind a "/" or "#" in a password; an option that
        # there is not.
        return False
    return True


class Lines:
    """A connection for each thread, spoken to directly.

    What the client and its pool do around a command costs half as much again as a whole
    check of the limiter (docs/performance.md).
    """

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        times = dict.fromkeys(TIME_OUTS, seconds)
        # The pool would count each thread that ever was, and stop at a hundred.
        options = {**QUICK, **times, "max_connections": sys.maxsize}
        self._pool = ConnectionPool.from_url(url, **options)
        self._own = threading.local()

    def call(self, *words: str | int) -> Any:
        """The answer to one command, within two time-outs. Raises RedisError."""
        line = self._line()
        was_open = line.is_connected
        try:
            return _answer(line, words)
        except ConnectionError:
            # Open since before the server was started anew, or closed by it as idle. A
            # time-out is another error: what was slow is not asked again.
            if not was_open:
                raise
            return _answer(line, words)

    def _line(self) -> AbstractConnection:
        line: AbstractConnection | None = getattr(self._own, "line", None)
        # Two processes on one connection would read each other's answers.
        if line is None or line.pid != os.getpid():
            line = cast(AbstractConnection, self._pool.make_connection())
            self._own.line = line
        return line


class Cluster:
    """The same for a cluster: the client finds the node of a name."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._url = url.replace(CLUSTER, "", 1)
        self._seconds = seconds
        self._lock = Lock()
        self._client: RedisCluster | None = None

    def call(self, *words: str | int) -> Any:
        try:
            return self.client().execute_command(*words)  # type: ignore[no-untyped-call]
        except RedisClusterException as error:
            # No relative of its other errors: no node could be reached.
            raise ConnectionError(str(error)) from error

    def client(self) -> RedisCluster:
        """It asks for the slots when it is made, so it is made when first needed."""
        with self._lock:
            if self._client is None:
                times = dict.fromkeys(TIME_OUTS, self._seconds)
                self._client = RedisCluster.from_url(self._url, **{**QUICK, **times})
            return self._client


def _answer(line: AbstractConnection, words: tuple[str | int, ...]) -> Any:
    """Any failure but an error from the server itself closes the connection: a late
    answer must not be taken for that to the next command."""
    line.send_command(*words, check_health=False)  # type: ignore[no-untyped-call]
    return line.read_response()


class Breaker:
    """Knows for all threads whether a server answers, and when to ask it again."""

    def __init__(self, pause: float = PAUSE) -> None:
        self.down = False
        self._pause = pause
        self._ask_at = 0.0
        self._back_at = float("-inf")
        self._lock = Lock()

    def may_ask(self) -> bool:
        """While it is down: True for one caller in each pause."""
        if not self.down:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._ask_at:
                return False
            self._ask_at = now + self._pause
            return True

    def trip(self, error: Exception) -> None:
        """The server failed: leave it alone for a pause."""
        with self._lock:
            self._ask_at = time.monotonic() + self._pause
            was_down, self.down = self.down, True
        if not was_down:
            logger.warning(
                "Redis is away, limits and brakes count in this process: %s", error
            )

    def mend(self) -> None:
        """The server answered."""
        if not self.down:
            return
        with self._lock:
            was_down, self.down = self.down, False
            self._back_at = time.monotonic()
        if was_down:
            logger.warning("Redis is back, limits and brakes count in it again.")

    def back_for(self) -> float:
        """Seconds since it came back; infinite where it was never away."""
        return time.monotonic() - self._back_at


# One for each server, so that limits and brakes share what they know of it.
_breakers: dict[str, Breaker] = {}


def breaker_of(url: str, pause: float = PAUSE) -> Breaker:
    """The breaker of a server; its pause is that of who asked first."""
    return _breakers.setdefault(url, Breaker(pause))
