"""A list of a page as a file to keep: CSV (RFC 4180) or JSON."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.problems import Problem
from accounts.usage_table import harmless

FORMATS = ("csv", "json")
FORMAT = "format"
MOST_ROWS = 10_000
Cells = Mapping[str, Any]


def wanted(request: HttpRequest) -> str:
    """`csv`, `json`, or "" where a page is asked for."""
    asked = request.GET.get(FORMAT, "")
    return asked if asked in FORMATS else ""


def export(
    request: HttpRequest,
    rows: QuerySet[Any] | Sequence[Any],
    cells: Callable[[Any], Cells],
    *,
    name: str,
) -> HttpResponse:
    """The whole list, as the address filters it. `cells`: what a row says, by column.

    Raises Problem where there are more than MOST_ROWS.
    """
    found = [cells(row) for row in rows[: MOST_ROWS + 1]]
    if len(found) > MOST_ROWS:
        why = f"These are more than {MOST_ROWS} rows. Narrow the list first."
        raise Problem("invalid_request", why)
    form = wanted(request)
    answer = JsonResponse({"data": found}) if form == "json" else _csv(found)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


def _csv(found: list[Cells]) -> HttpResponse:
    page = StringIO()
    writer = csv.writer(page)
    if found:
        writer.writerow(found[0])
    for row in found:
        writer.writerow([_cell(value) for value in row.values()])
    return HttpResponse(page.getvalue(), content_type="text/csv; charset=utf-8")


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = " ".join(str(each) for each in value)
    return harmless(value) if isinstance(value, str) else value
