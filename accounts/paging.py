"""How a page shows a long list: newest first, a few at a time, each from a cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import ValidationError

from accounts import pagination
from accounts.models import Identified
from accounts.problems import Problem

SIZE = 25
CURSOR = "cursor"
Row = TypeVar("Row", bound=Identified)


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Row]):
    """Some rows of a list. `older` and `newest` are queries for links, "" where they
    would lead nowhere."""

    rows: list[Row]
    older: str
    newest: str


def list_page(
    rows: QuerySet[Row], request: HttpRequest, *, size: int = SIZE
) -> ListPage[Row]:
    """The rows that a request asks for, with its filters kept in the links. Raises
    Problem for a cursor that is none."""
    cursor = request.GET.get(CURSOR, "")
    if cursor:
        try:
            rows = rows.filter(pk__lt=pagination.place(cursor, rows.model))
        except ValidationError as error:
            raise Problem("invalid_request", "Go back to the first page.") from error
    found = list(rows.order_by("-pk")[: size + 1])
    shown = found[:size]
    has_older = len(found) > size
    return ListPage(
        rows=shown,
        older=_query(request.GET, cursor=shown[-1].public_id) if has_older else "",
        newest=_query(request.GET, cursor="") if cursor else "",
    )


def _query(asked: QueryDict, **changes: Any) -> str:
    query = asked.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"
