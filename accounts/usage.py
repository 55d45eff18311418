"""What usage is told of an organization and of one credential, and to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum

from accounts.credentials import Credential, Kind, kinds
from accounts.models import Organization
from accounts.permissions import require
from accounts.problems import Problem
from accounts.products import LIVE, TEST
from ratelimits.counted import COUNTS, MOST_NAMES, REST, Names, of
from ratelimits.limits import Limits
from ratelimits.models import Usage, UsageQuerySet
from ratelimits.stores import store

MOST_CREDENTIALS = 100
MOST_TOP = 20
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Whole UTC days, both ends included."""

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, *, days: int) -> Span:
        """So many days, of which this is the last."""
        return cls(last - timedelta(days=days - 1), last)

    @property
    def days(self) -> Iterator[date]:
        """The newest first."""
        for back in range((self.last - self.first).days + 1):
            yield self.last - timedelta(days=back)


def environments(credential: Credential, wanted: str | None) -> list[str]:
    """Whose rows it may see: a sandbox credential those of the sandbox, any other both.

    Raises Problem.
    """
    if not credential.is_live:
        if wanted == LIVE:
            raise Problem("environment_mismatch", "Use a live key for live usage.")
        return [TEST]
    return [wanted] if wanted else [LIVE, TEST]


def require_reader(credential: Credential) -> None:
    """Raises Problem for a key or a machine's token without the right to read usage."""
    if not credential.is_person:
        require(credential, "usage_read")


def seen_by(credential: Credential) -> list[str] | None:
    """The ids of the credentials whose rows it may see. None: all of its organization.

    A person without the right sees their own that are alive.
    """
    if credential.allows("usage_read") or credential.allows("keys_manage"):
        return None
    user, organization = credential.user, credential.organization
    if user is None:
        return []
    return [text for kind in kinds() for text in kind.held_by(user, organization)]


def rows_of(organization: Organization, span: Span) -> UsageQuerySet:
    """The rows of an organization, of its credentials and of itself."""
    of_organization = Usage.objects.filter(organization=organization.public_id)
    return of_organization.between(span.first, span.last)


def rows_with(credential_id: str, span: Span) -> UsageQuerySet:
    """The rows of one credential. Its id is nobody else's; were its organization asked
    for as well, SQLite would read the rows of all its credentials."""
    rows = Usage.objects.filter(credential=credential_id)
    return rows.between(span.first, span.last)


def summed(rows: Iterable[Usage], span: Span) -> Answer:
    """Totals, days and names of rows of which each day has a few."""
    totals = dict.fromkeys(COUNTS, 0)
    days = {day: dict.fromkeys(COUNTS, 0) for day in span.days}
    names: dict[str, Counter[str]] = {group: Counter() for group in MOST_NAMES}
    for row in rows:
        for name, number in of(row).items():
            totals[name] += number
            days[row.day][name] += number
        for group, found in row.details.items():
            # A year of rows may hold more names than one; the answer shows a few.
            names[group].update(found)
    return {
        "totals": totals,
        "days": [{"day": day, **counts} for day, counts in days.items()],
        "top_endpoints": top(names["endpoints"], "endpoint"),
        "statuses": dict(sorted(names["statuses"].items())),
        "reported": dict(sorted(names["reports"].items())),
        "distinct_addresses": len(names["addresses"].keys() - {REST}),
        "distinct_addresses_at_least": REST in names["addresses"],
        "addresses": top(names["addresses"], "address"),
        "agents": top(names["agents"], "agent"),
    }


def top(names: Names, word: str) -> list[Answer]:
    """The names with the highest counts."""
    return named(names, word)[:MOST_TOP]


def named(names: Names, word: str) -> list[Answer]:
    """Names with their counts, the highest first. What had no place of its own is no
    name."""
    known = [(name, times) for name, times in names.items() if name != REST]
    known.sort(key=lambda each: (-each[1], each[0]))
    return [{word: name, "requests": times} for name, times in known]


def busiest(
    rows: UsageQuerySet, organization: Organization, *, most: int = MOST_CREDENTIALS
) -> list[Answer]:
    """The credentials with the most requests, each with its limits and its day."""
    sums = {f"sum_of_{name}": Sum(name) for name in COUNTS}
    groups: Any = rows.values("credential", "kind", "environment").annotate(**sums)
    ordered = groups.order_by("-sum_of_requests", "credential")
    found: list[Answer] = list(ordered[:most])
    names, limits = names_of(found), limits_of(found)
    return [
        {
            "id": each["credential"],
            "kind": each["kind"],
            "name": names.get(each["credential"]),
            "environment": each["environment"],
            **limits_and_today(
                each["credential"],
                limits.get(each["credential"], organization.limits),
            ),
            **{name: each[f"sum_of_{name}"] for name in COUNTS},
        }
        for each in found
    ]


def limits_and_today(rate_key: str, limits: Limits) -> Answer:
    """The limits that hold, and the present UTC day as the limiter counts it now.
    `reading` has the other windows."""
    reading = store().check(rate_key, limits, cost=0).reading
    used = reading.day_used
    left = None if limits.daily is None else max(0, limits.daily - used)
    today = {"used": used, "left": left}
    return {"limits": limits, "today": today, "reading": reading}


def names_of(found: Iterable[Answer]) -> dict[str, str]:
    """What people call them, by id. A credential whose row is gone has no name."""
    names: dict[str, str] = {}
    for kind, ids in _by_kind(found).items():
        names |= kind.names(ids)
    return names


def limits_of(found: Iterable[Answer]) -> dict[str, Limits]:
    limits: dict[str, Limits] = {}
    for kind, ids in _by_kind(found).items():
        limits |= kind.limits(ids)
    return limits


def _by_kind(found: Iterable[Answer]) -> dict[Kind, list[str]]:
    ids: dict[Kind, list[str]] = {}
    by_name = {kind.name: kind for kind in kinds()}
    for each in found:
        if each["kind"] in by_name:
            ids.setdefault(by_name[each["kind"]], []).append(each["credential"])
    return ids
