"""How much an organization was used."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import usage, usage_table
from accounts.endpoints import Endpoint, query_of
from accounts.usage import Span
from accounts.usage_serializers import SpanQuery, UsageObject, UsageQuery
from accounts.usage_table import CSV
from ratelimits.models import UsageQuerySet

JSON = "application/json"


class UsageEndpoint(Endpoint):
    """What the usage endpoints share: which rows, and in which form."""

    query: ClassVar[type[SpanQuery]] = SpanQuery
    span: Span
    form: str

    def rows(self, request: Request) -> UsageQuerySet:
        """The organization's that this caller may see. Raises ValidationError."""
        query = self.query(data=query_of(request))
        query.is_valid(raise_exception=True)
        wish = query.validated_data
        self.span = wish["span"]
        self.form = wish.get("format") or preferred(request)
        environments = usage.environments(self.credential, wish.get("environment"))
        rows = usage.rows_of(self.credential.organization, self.span)
        return rows.filter(environment__in=environments)

    def common(self) -> dict[str, Any]:
        organization = self.credential.organization
        return {
            "organization": organization.public_id,
            "plan": organization.plan_slug,
            "from": self.span.first,
            "to": self.span.last,
        }


def preferred(request: Request) -> str:
    """What an Accept header asks for, where the address does not say it."""
    best = request._request.get_preferred_type([JSON, CSV])
    return "csv" if best == CSV else "json"


class UsageView(UsageEndpoint):
    """The usage of the organization: by day, by credential, by address."""

    query = UsageQuery

    @extend_schema(
        parameters=[UsageQuery],
        responses={(200, JSON): UsageObject, (200, CSV): OpenApiTypes.STR},
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Keys and machine tokens need the right to read it. Who signed in sees the
        organization's sums, and without that right only credentials of their own."""
        usage.require_reader(self.credential)
        rows = self.rows(request)
        own = usage.seen_by(self.credential)
        of_credentials = rows.of_credentials()
        if own is not None:
            of_credentials = of_credentials.filter(credential__in=own)
        if self.form == "csv":
            return usage_table.response(of_credentials, self.span)
        organization = self.credential.organization
        answer = {
            **self.common(),
            **usage.summed(rows.of_organizations(), self.span),
            "limits": organization.limits,
            "credentials": usage.busiest(of_credentials, organization),
        }
        return Response(UsageObject(answer).data, headers={"Vary": "Accept"})
