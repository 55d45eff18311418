"""Usage as a table for spreadsheets: one line per day and credential (RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import ValidationError

from accounts.usage import Span, names_of
from ratelimits.counted import COUNTS
from ratelimits.models import UsageQuerySet

CSV = "text/csv"
COLUMNS = ("day", "credential", "kind", "name", "environment", *COUNTS)
# Some 15 MB.
MOST_LINES = 100_000
# A spreadsheet takes a cell that begins so for a formula. It reads the wide forms as
# the plain ones, and skips blanks.
FORMULA = tuple("=+-@＝＋－＠")
BLANK = " \t\r\n\v\f\u00a0"


def response(rows: UsageQuerySet, span: Span) -> HttpResponse:
    """The table as a file to keep. Raises ValidationError where it is too long.

    In one piece: a stream would hold a thread for as long as its reader pleases.
    """
    if rows.count() > MOST_LINES:
        why = f"More than {MOST_LINES} lines. Ask for fewer days at a time."
        raise ValidationError({"from": [why]})
    name = f"usage-{span.first:%Y-%m-%d}-to-{span.last:%Y-%m-%d}.csv"
    answer = HttpResponse(
        "".join(lines(rows)),
        content_type=f"{CSV}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    patch_vary_headers(answer, ["Accept"])
    return answer


def lines(rows: UsageQuerySet) -> Iterator[str]:
    """The head, then a day at a time, the newest first."""
    yield _written([COLUMNS])
    for row in table(rows):
        row["name"] = harmless(row["name"])
        yield _written([row.values()])


def table(rows: UsageQuerySet) -> Iterator[dict[str, Any]]:
    """Each line by COLUMNS, a day at a time, the newest first."""
    for day in rows.order_by("-day").values_list("day", flat=True).distinct():
        of_day = list(
            rows.filter(day=day)
            .order_by("-requests", "credential")
            .values(*(name for name in COLUMNS if name != "name"))
        )
        names = names_of(of_day)
        for row in of_day:
            row["name"] = names.get(row["credential"], "")
            yield {name: row[name] for name in COLUMNS}


def harmless(text: str) -> str:
    """The text as a cell that is no formula: an apostrophe makes it plain text."""
    is_control = text.startswith(("\t", "\r", "\n"))
    is_formula = is_control or text.lstrip(BLANK).startswith(FORMULA)
    return f"'{text}" if is_formula else text


def _written(table: Any) -> str:
    page = StringIO()
    csv.writer(page).writerows(table)
    return page.getvalue()
