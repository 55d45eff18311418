"""The rows of usage: how counts are added to them, and the day's quota read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from ratelimits.counted import COUNTS, ORGANIZATION, Counted, Tally, of
from ratelimits.models import Usage

MOST_ROWS = 500
UNIQUE = ["credential", "day", "environment"]
# A credential on a day, as days since year 1.
Key = tuple[Counted, int]
Batch = dict[Key, Tally]


def batches(pending: Mapping[Key, Tally]) -> Iterator[list[Key]]:
    """Their keys in parts that make at most MOST_ROWS rows each, the totals of their
    organizations included. What belongs to one organization stands together."""
    part: list[Key] = []
    rows = 0
    for _, keys in groupby(sorted(pending, key=_order), key=_total_key):
        for number, key in enumerate(keys):
            if rows + 2 > MOST_ROWS:
                yield part
                part, rows, number = [], 0, 0
            part.append(key)
            rows += 2 if number == 0 else 1
    if part:
        yield part


def add(batch: Mapping[Key, Tally]) -> None:
    """Add counts to the rows, in one transaction, and to the organizations' totals.

    Any number of processes may: nothing is lost, since each row is locked while it is
    read and written. All take them in the same order, so no two wait for each other.
    """
    everything = with_totals(batch)
    with transaction.atomic():
        _make_missing(everything)
        rows = _locked(everything)
        Usage.objects.bulk_create(
            [_summed(rows[_unique(key)], tally) for key, tally in everything.items()],
            update_conflicts=True,
            unique_fields=UNIQUE,
            update_fields=[*COUNTS, "details"],
        )


def with_totals(batch: Mapping[Key, Tally]) -> Batch:
    """The batch, and one more tally for each organization, environment and day."""
    totals: Batch = {}
    for (counted, day), tally in batch.items():
        organization = counted.organization
        whole = counted._replace(credential=organization, kind=ORGANIZATION)
        total = totals.setdefault((whole, day), Tally())
        total.add(tally.counts, tally.details)
    everything = {**batch, **totals}
    return {key: everything[key] for key in sorted(everything, key=_unique)}


def charged_today() -> dict[str, int]:
    """What each credential has used of its day's quota, by its rate key."""
    today = Usage.objects.of_credentials().filter(
        day=timezone.now().date(), charged__gt=0
    )
    return dict(today.values_list("credential", "charged"))


def _make_missing(batch: Batch) -> None:
    """Empty rows where there are none. Somebody else may be making the same."""
    known = set(_among(batch).values_list(*UNIQUE))
    missing = [_row(*key) for key in batch if _unique(key) not in known]
    if missing:
        Usage.objects.bulk_create(missing, ignore_conflicts=True)


def _locked(batch: Batch) -> dict[tuple[Any, ...], Usage]:
    rows = _among(batch).select_for_update().order_by(*UNIQUE)
    return {(row.credential, row.day, row.environment): row for row in rows}


def _among(batch: Iterable[Key]) -> Any:
    """The rows of a batch. Around midnight a few more, of the same credentials."""
    names = {counted.credential for counted, _ in batch}
    days = {date.fromordinal(day) for _, day in batch}
    return Usage.objects.filter(credential__in=names, day__in=days)


def _summed(row: Usage, tally: Tally) -> Usage:
    """The row as it shall be, as a new one that takes the place of what is there."""
    total = Tally()
    total.add(of(row), row.details)
    total.add(tally.counts, tally.details)
    fields = {field: getattr(row, field) for field in (*UNIQUE, "kind", "organization")}
    return Usage(**fields, **total.counts, details=total.details)


def _row(counted: Counted, day: int) -> Usage:
    return Usage(day=date.fromordinal(day), **counted._asdict())


def _unique(key: Key) -> tuple[str, date, str]:
    counted, day = key
    return counted.credential, date.fromordinal(day), counted.environment


def _order(key: Key) -> tuple[Any, ...]:
    return *_total_key(key), key[0].credential


def _total_key(key: Key) -> tuple[Any, ...]:
    counted, day = key
    return counted.organization, day, counted.environment
