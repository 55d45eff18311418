"""How a long list is read: newest first, page by page, each from a cursor."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.db.models import Model
from drf_spectacular.plumbing import get_view_model
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import ids

USUAL = 25
MOST = 100
WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
# 26 characters of base 32 hold 130 bits, so the first of them is at most 7.
TYPEID = rf"_[0-7][{ids.ALPHABET}]{{{ids.LENGTH - 1}}}$"


class Listed(Protocol):
    """What an object must offer to stand in a list."""

    prefix: ClassVar[str]

    @property
    def public_id(self) -> str: ...


class NewestFirst(BasePagination):
    """`?cursor=<id of the last object seen>&limit=<1 to 100>`, for UUIDv7 primary keys.

    The answer is {"data": [...], "next_cursor": "..." or null}. A new object never
    moves an old one to another page.
    """

    next_cursor: str | None = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """One page. Raises ValidationError that names `cursor` or `limit`."""
        limit = _limit(_single(request, "limit"))
        cursor = _single(request, "cursor")
        if cursor is not None:
            queryset = queryset.filter(pk__lt=place(cursor, queryset.model))
        found = list(queryset.order_by("-pk")[: limit + 1])
        page = found[:limit]
        self.next_cursor = page[-1].public_id if len(found) > limit else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"data": data, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For the OpenAPI document."""
        return {
            "type": "object",
            "required": ["data", "next_cursor"],
            "properties": {
                "data": schema,
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "Send it as cursor to read on. null: the list ends.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """For the OpenAPI document."""
        model = get_view_model(view, emit_warnings=False)
        prefix = getattr(model, "prefix", "[a-z]{1,63}")
        cursor = {"type": "string", "pattern": f"^{prefix}{TYPEID}"}
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
        return [
            _parameter("cursor", "The next_cursor of the page before.", cursor),
            _parameter("limit", "How many objects to answer at most.", limit),
        ]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


def _single(request: Request, name: str) -> str | None:
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise ValidationError({name: ["Send it once."]})
    return values[0] if values else None


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not WHOLE_NUMBER.fullmatch(text) or int(text) > MOST:
        raise ValidationError({"limit": [f"Use a whole number from 1 to {MOST}."]})
    return int(text)


def place(cursor: str, model: type[Model]) -> UUID:
    """Where a cursor stands in a table. Raises ValidationError."""
    prefix: str = model.prefix  # type: ignore[attr-defined]
    try:
        return ids.decode(prefix, cursor)
    except ValueError as error:
        why = "Use the next_cursor of the page before, unchanged."
        raise ValidationError({"cursor": [why]}) from error
