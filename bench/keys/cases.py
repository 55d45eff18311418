"""What is asked, and what was measured of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.keys.processes import DOORWARD, RIVALS, Base

OPEN = {DOORWARD.name: "/api/v1/bench/open", RIVALS.name: "/open"}
PATHS = {
    "Doorward": "/api/v1/bench/doorward",
    "drf-api-key": "/drf-api-key",
    "knox": "/knox",
}
INSIDE, HTTP = "in the process", "over HTTP"
# Of a case that is slow, a round has fewer requests.
SLOW_REQUESTS = 30


class Asked(Protocol):
    """Something that sends requests."""

    def ask(self, path: str, values: list[str], count: int) -> dict[str, Any]: ...


@dataclass
class Case:
    """One kind of request. `package` is empty for an open view; `keys` are those of the
    database, `of_owner` those of the one whose keys are used. Times are in ms."""

    home: str
    package: str
    stack: str
    keys: int
    path: str
    values: list[str]
    asked: Asked
    of_owner: str = ""
    middles: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)
    queries: int = 0
    writes: int = 0

    def measure(self, count: int) -> None:
        """One round."""
        is_slow = bool(self.middles) and self.middle > 20
        answer = self.asked.ask(
            self.path, self.values, SLOW_REQUESTS if is_slow else count
        )
        seconds = answer["seconds"]
        self.middles.append(statistics.median(seconds) * 1e3)
        self.tails.append(statistics.quantiles(seconds, n=100)[-1] * 1e3)
        self.queries = answer.get("queries", 0)
        self.writes = answer.get("writes", 0)

    @property
    def middle(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(self.middles)

    @property
    def tail(self) -> float:
        return statistics.median(self.tails)

    def over(self, other: Case) -> float:
        """How much longer it takes than another, by their rounds."""
        pairs = zip(self.middles, other.middles, strict=True)
        return statistics.median(mine - theirs for mine, theirs in pairs)

    def ratio(self, other: Case) -> float:
        pairs = zip(self.middles, other.middles, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def cases_of(base: Base, asked: Asked, home: str) -> Iterator[Case]:
    """All that can be asked of one database; over HTTP the outermost alone."""
    stack = base.stack.name
    yield Case(home, "", stack, base.count, OPEN[stack], [], asked)
    for name, values in base.values.items():
        package = _package(base, name)
        owner = "" if name in ("keys", "tokens") else name
        path = PATHS[package]
        yield Case(home, package, stack, base.count, path, values, asked, owner)


def _package(base: Base, name: str) -> str:
    if base.stack == DOORWARD:
        return "Doorward"
    return "drf-api-key" if name == "keys" else "knox"
