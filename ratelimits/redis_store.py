"""The limiter's store in Redis or Valkey: exact for any number of processes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError

from ratelimits.limits import REDIS, Decision, Limits, Reading, decide
from ratelimits.redis_server import Server

SCRIPT = Path(__file__).with_name("check.lua").read_text(encoding="utf-8")
MICROSECOND = 1_000


class RedisStore:
    """Counts in Redis, by one script and one round trip for each check.

    Only the clock of the server decides, in microseconds. The log of a key lives for a
    minute after its last admitted request, its daily count for 25 hours. Both names
    share a hash tag, so that a cluster keeps them on one node. A full minute of 2,000
    requests takes 21 KB.
    """

    def __init__(self, server: Server, *, prefix: str, script: str = SCRIPT) -> None:
        self._server = server
        self._prefix = prefix
        self._script = script
        # The protocol's own name for a script, not a matter of security.
        self._sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()

    def check(
        self, key: str, limits: Limits, cost: int = 1, *, elsewhere: int = 0
    ) -> Decision:
        """As LocalStore.check. Raises RedisError where the server does not answer.

        `elsewhere` was used today without this server's knowledge, and is counted for
        the day, whatever the answer.
        """
        if cost < 0:
            raise ValueError(f"A cost is 0 or more, not {cost}.")
        reply = self._run(2, *self.names(key), *_arguments(limits, cost, elsewhere))
        times = [moment * MICROSECOND for moment in reply[:-2]]
        reading = Reading(*times, *reply[-2:])
        return decide(limits, reading, source=REDIS)

    def names(self, key: str) -> list[str]:
        """The names of the log and of the daily count."""
        log = f"{self._prefix}:limits:{{{key}}}"
        return [log, f"{log}:day"]

    def clear(self) -> None:
        """Forget the counts of this prefix alone; for tests, on one server."""
        cursor: Any = 0
        while True:
            pattern = f"{self._prefix}:limits:*"
            cursor, names = self._server.call("SCAN", cursor, "MATCH", pattern)
            for name in names:
                self._server.call("DEL", name)
            if int(cursor) == 0:
                return

    def _run(self, *words: str | int) -> Any:
        try:
            return self._server.call("EVALSHA", self._sha, *words)
        except NoScriptError:
            # A server that was started anew has forgotten it.
            return self._server.call("EVAL", self._script, *words)


def _arguments(limits: Limits, cost: int, elsewhere: int) -> list[int]:
    return [limits.per_minute, limits.burst, limits.daily or 0, cost, elsewhere]
