"""What is counted of a request, and how counts are added up. No database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

# The kind of the rows that hold the sum over an organization's credentials.
ORGANIZATION = "organization"
# How a request ended, for its credential. "refused" is every refusal of a proven
# credential that has no word of its own here; "allowed" is every other answer.
OUTCOMES = (
    "allowed",
    "limited",
    "insufficient_scope",
    "ip_not_allowed",
    "environment_mismatch",
    "expired",
    "revoked",
    "disabled",
    "refused",
)
COUNTS = ("charged", "requests", *OUTCOMES)
# What stands for all names beyond the most that a row keeps.
REST = "…"
MOST_NAMES = {
    "endpoints": 200,
    "statuses": 100,
    "addresses": 200,
    "agents": 50,
    "scopes": 100,
    "reports": 10,
    "turned_away": 50,
}
LONGEST_NAME = {
    "endpoints": 200,
    "statuses": 3,
    "addresses": 45,
    "agents": 100,
    "scopes": 64,
    "reports": 64,
    "turned_away": 45,
}
# Requests that say nothing against the address that they came from.
WELCOME = ("allowed", "limited")

Names = dict[str, int]


class Counted(NamedTuple):
    """Whose request it is. `credential` is what the limiter counts by (a rate key);
    `organization` is a public id, too."""

    credential: str
    kind: str
    organization: str
    environment: str


class Use(NamedTuple):
    """One request. `charged` is what the day's quota lost by it; `endpoint` is empty
    where it was refused before an address was looked for. `scopes` are those that it
    needed and had, `reports` the rules that would have refused it, were they not only
    tried."""

    outcome: str
    charged: int
    status: int
    endpoint: str = ""
    address: str = ""
    agent: str = ""
    scopes: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()


class Tally:
    """Counts of one credential on one day, of this process or of a row."""

    __slots__ = ("counts", "details")

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
        self.details: dict[str, Names] = {group: {} for group in MOST_NAMES}

    def note(self, use: Use, *, room: bool = True) -> int:
        """Add one request. Without room it is counted under REST instead of new names.

        The answer is how many names are new.
        """
        counts, details = self.counts, self.details
        counts["charged"] += use.charged
        counts["requests"] += 1
        counts[use.outcome] += 1
        new = _bump(details, "statuses", str(use.status), room)
        if use.endpoint:
            new += _bump(details, "endpoints", use.endpoint, room)
        if use.address:
            new += _bump(details, "addresses", use.address, room)
            if use.outcome not in WELCOME:
                new += _bump(details, "turned_away", use.address, room)
        if use.agent:
            new += _bump(details, "agents", use.agent, room)
        # A scope that is lost would be taken for unused, and there are only a few: they
        # have room always.
        for scope in use.scopes:
            new += _bump(details, "scopes", scope, True)
        for report in use.reports:
            new += _bump(details, "reports", report, True)
        return new

    def add(self, counts: Mapping[str, int], details: Mapping[str, Names]) -> None:
        """Add what another tally, or a row, has counted."""
        for name in COUNTS:
            self.counts[name] += counts[name]
        for group, most in MOST_NAMES.items():
            merge(self.details[group], details.get(group, {}), most)
        if counts["requests"] and "scopes" not in details:
            # Counted by a version that did not tell scopes: some may have been used.
            merge(self.details["scopes"], {REST: counts["requests"]}, 0)

    @property
    def names(self) -> int:
        return sum(map(len, self.details.values()))


def merge(into: Names, others: Mapping[str, int], most: int) -> None:
    """Add counts by name. At most so many names; the rest is counted under REST, so
    that the sum stays true."""
    for name, times in others.items():
        known = name in into or len(into) - (REST in into) < most
        kept = name if known else REST
        into[kept] = into.get(kept, 0) + times


def of(row: Any) -> dict[str, int]:
    """The counts of a row, by their names."""
    return {name: getattr(row, name) for name in COUNTS}


@lru_cache(maxsize=4096)
def shown(name: str, longest: int) -> str:
    """A name as it is kept: short, and of printable characters. A NUL could not be
    stored, and the whole batch with it."""
    text = name[:longest]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else "?" for each in text)
    return text


def _bump(details: dict[str, Names], group: str, name: str, room: bool) -> int:
    names = details[group]
    name = shown(name, LONGEST_NAME[group])
    if name in names:
        names[name] += 1
        return 0
    if not room or len(names) >= MOST_NAMES[group]:
        name = REST
    is_new = name not in names
    names[name] = names.get(name, 0) + 1
    return is_new
