"""The endpoint that revokes many keys."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.fields import StrictCharField, StrictChoiceField, StrictSerializer
from accounts.permissions import require
from apikeys import bulk
from apikeys.api import KeyEndpoint
from apikeys.models import REASONS

MOST_KEYS = 1000


class BulkRevocation(StrictSerializer):
    """Which keys, and why."""

    ids = serializers.ListField(
        child=StrictCharField(max_length=64), min_length=1, max_length=MOST_KEYS
    )
    reason = StrictChoiceField(choices=REASONS, default="other")


class OutcomeObject(serializers.Serializer[Any]):
    """One id. `code` says why it was not revoked, as DELETE would."""

    id = serializers.CharField()
    revoked = serializers.BooleanField(source="is_revoked")
    code = serializers.CharField(required=False)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        answer: dict[str, Any] = super().to_representation(instance)
        if not answer["code"]:
            del answer["code"]
        return answer


class BulkOutcome(serializers.Serializer[Any]):
    """One entry for each id, in the order of the request."""

    data = OutcomeObject(many=True)  # type: ignore[assignment]


class ApiKeysRevoke(KeyEndpoint):
    """The end of many keys."""

    @extend_schema(request=BulkRevocation, responses=BulkOutcome, tags=["API keys"])
    def post(self, request: Request) -> Response:
        """Revoke up to 1,000 keys. Those that cannot be are listed, the others end."""
        if not self.credential.is_person:
            require(self.credential, "keys_manage")
        wanted = self.values(BulkRevocation, request.data)
        outcomes = bulk.revoke(
            wanted["ids"],
            reason=wanted["reason"],
            revoker=self.credential,
            by=self.actor,
        )
        return Response(BulkOutcome({"data": outcomes}).data)
