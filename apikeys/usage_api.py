"""How much one key was used."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import usage, usage_table
from accounts.api.usage import JSON, UsageEndpoint
from accounts.credentials import API_KEY
from accounts.fields import TimestampField
from accounts.usage_serializers import CredentialUsageObject, SpanQuery
from accounts.usage_table import CSV
from apikeys import exercised
from apikeys.api import KeyEndpoint
from apikeys.models import ApiKey


class ScopeObject(serializers.Serializer[Any]):
    """A scope that requests needed and had."""

    scope = serializers.CharField()
    requests = serializers.IntegerField()


class KeyUsageObject(CredentialUsageObject):
    """The usage of a key. Whatever days are asked for, its scopes are judged by the
    last 30: `scopes_since` is the first moment of which it is known what it needed."""

    scopes = ScopeObject(many=True)
    unused_scopes = serializers.ListField(child=serializers.CharField())
    scopes_since = TimestampField()


class ApiKeyUsage(UsageEndpoint, KeyEndpoint):
    """The usage of one key: by day, endpoint and address."""

    @extend_schema(
        parameters=[SpanQuery],
        responses={(200, JSON): KeyUsageObject, (200, CSV): OpenApiTypes.STR},
        tags=["API keys"],
    )
    def get(self, request: Request, key_id: str) -> HttpResponseBase:
        """For who may see the key."""
        api_key = self.api_key(key_id)
        wanted = self.wanted(request)
        rows = usage.rows_with(api_key.public_id, wanted.span)
        rows = self.narrowed(rows, wanted)
        if wanted.form == "csv":
            return usage_table.response(rows, wanted.span)
        answer = {
            **self.common(wanted.span),
            "id": api_key.public_id,
            "kind": API_KEY,
            "name": api_key.name,
            "environment": api_key.environment,
            **usage.limits_and_today(api_key.public_id, api_key.limits),
            **usage.summed(rows, wanted.span),
            **_scopes(api_key),
        }
        return Response(KeyUsageObject(answer).data, headers={"Vary": "Accept"})


def _scopes(api_key: ApiKey) -> dict[str, Any]:
    found = exercised.of(api_key)
    return {
        "scopes": usage.named(found.scopes, "scope"),
        "unused_scopes": found.unused,
        "scopes_since": found.since,
    }
