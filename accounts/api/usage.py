"""How much an organization was used."""

from __future__ import annotations

from dataclasses import dataclass
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
from ratelimits.usage import recorder

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for. Without an environment: all that it may see.

    `form` is "json" or "csv".
    """

    span: Span
    form: str
    environment: str | None


class UsageEndpoint(Endpoint):
    """What the usage endpoints share: which rows, and in which form."""

    query: ClassVar[type[SpanQuery]] = SpanQuery

    def wanted(self, request: Request) -> Wanted:
        """Raises ValidationError."""
        query = self.query(data=query_of(request))
        query.is_valid(raise_exception=True)
        given = query.validated_data
        return Wanted(
            span=given["span"],
            form=given.get("format") or preferred(request),
            environment=given.get("environment"),
        )

    def rows(self, wanted: Wanted) -> UsageQuerySet:
        """The organization's that this caller may see. Raises Problem."""
        rows = usage.rows_of(self.credential.organization, wanted.span)
        return self.narrowed(rows, wanted)

    def narrowed(self, rows: UsageQuerySet, wanted: Wanted) -> UsageQuerySet:
        """In the environments that this caller may see, with what this process has
        counted. Raises Problem."""
        environments = usage.environments(self.credential, wanted.environment)
        recorder.catch_up()
        return rows.filter(environment__in=environments)

    def common(self, span: Span) -> dict[str, Any]:
        organization = self.credential.organization
        return {
            "organization": organization.public_id,
            "plan": organization.plan_slug,
            "from": span.first,
            "to": span.last,
        }


def preferred(request: Request) -> str:
    """What an Accept header asks for, where the address does not say it."""
    best = request._request.get_preferred_type([JSON, CSV])
    return "csv" if best == CSV else "json"


class UsageView(UsageEndpoint):
    """The usage of the organization: by day, endpoint and credential."""

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
        wanted = self.wanted(request)
        rows = self.rows(wanted)
        own = usage.seen_by(self.credential)
        of_credentials = rows.of_credentials()
        if own is not None:
            of_credentials = of_credentials.filter(credential__in=own)
        if wanted.form == "csv":
            return usage_table.response(of_credentials, wanted.span)
        organization = self.credential.organization
        answer = {
            **self.common(wanted.span),
            **usage.summed(rows.of_organizations(), wanted.span),
            "limits": organization.limits,
            "credentials": usage.busiest(of_credentials, organization),
        }
        return Response(UsageObject(answer).data, headers={"Vary": "Accept"})
