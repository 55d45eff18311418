"""Settings > API keys: the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from accounts import exports
from accounts.pages import page, show
from accounts.paging import list_page
from accounts.visitors import Visitor
from apikeys import sparklines, standing
from apikeys.key_filters import KeyFilters
from apikeys.models import ApiKey
from apikeys.serializers import ApiKeyObject
from apikeys.snippets import sample
from apikeys.standing import Standing

MOST_CHIPS = 2
# More full rows would weigh more than 30 KB.
SIZE = 20
# What a file of the list holds of each key, by the names of the API.
COLUMNS = (
    "id",
    "name",
    "hint",
    "status",
    "environment",
    "owner",
    "scopes",
    "created_at",
    "created_by",
    "expires_at",
    "last_used_at",
    "last_used_ip",
    "allowed_ips",
    "tags",
    "revoked_at",
    "revoked_reason",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One key as the list shows it. `uses`: requests, by day."""

    api_key: ApiKey
    standing: Standing
    scopes: list[str]
    more_scopes: int
    uses: list[int]

    @property
    def label(self) -> str:
        """What the small chart says to who does not see it."""
        count = sum(self.uses)
        text = ngettext(
            "%(count)s request in 30 days", "%(count)s requests in 30 days", count
        )
        return text % {"count": f"{count:,}"}


@page()
def keys(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Those in use, or what the filters say."""
    filters = KeyFilters(visitor.credential, request.GET)
    found = filters.rows()
    rows = found.with_people().prefetch_related("secrets")
    if exports.wanted(request):
        return exports.export(request, rows.order_by("-pk"), _cells, name="api-keys")
    listed = list_page(rows, request, size=SIZE)
    response = show(
        request,
        visitor,
        "apikeys/keys.html",
        filters=filters,
        listed=listed,
        rows=_rows(listed.rows),
        count=found.count(),
        total=ApiKey.objects.seen_by(visitor.credential).count(),
        sample=sample(visitor.credential.product),
    )
    response.status_code = 400 if filters.errors else 200
    return response


def _rows(api_keys: list[ApiKey]) -> list[Row]:
    uses = sparklines.of(api_keys)
    return [
        Row(
            api_key=api_key,
            standing=standing.of(api_key),
            scopes=api_key.scopes[:MOST_CHIPS],
            more_scopes=max(len(api_key.scopes) - MOST_CHIPS, 0),
            uses=uses[api_key.public_id],
        )
        for api_key in api_keys
    ]


def _cells(api_key: ApiKey) -> dict[str, Any]:
    told = ApiKeyObject(api_key).data
    return {name: told[name] for name in COLUMNS}
