"""What an organization asks of its keys, read and changed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.fields import (
    StrictBooleanField,
    StrictChoiceField,
    StrictSerializer,
)
from accounts.serializers import EmailField
from apikeys import policies
from apikeys.api import KeyEndpoint
from apikeys.fields import DaysField, ScopesField
from apikeys.models import LEAK_ACTIONS, policy_of


class PolicyChange(StrictSerializer):
    """The rules to set; those that are left out stay."""

    longest_days = DaysField()
    must_expire = StrictBooleanField(required=False)
    ips_required = StrictBooleanField(required=False)
    owned_scopes = ScopesField(required=False)
    leak_action = StrictChoiceField(choices=LEAK_ACTIONS, required=False)
    idle_days = DaysField()
    team_email = EmailField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "team_email" in attrs:
            attrs["team_email"] = attrs["team_email"] or ""
        return attrs


class PolicyObject(serializers.Serializer[Any]):
    """What the organization asks of new and changed keys.

    `longest_days`: a key ends so many days from now at the latest. `ips_required`: it
    has an enforced `allowed_ips`. `owned_scopes`: only a person's own key has these.
    `idle_days`: a key that is unused for so long is disabled, after a notice.
    `leak_action`: what becomes of a leaked key. `team_email` is told beside the owner.
    """

    longest_days = serializers.IntegerField(allow_null=True)
    must_expire = serializers.BooleanField()
    ips_required = serializers.BooleanField()
    owned_scopes = serializers.ListField(child=serializers.CharField())
    leak_action = serializers.ChoiceField(choices=LEAK_ACTIONS)
    idle_days = serializers.IntegerField(allow_null=True)
    team_email = serializers.SerializerMethodField()

    def get_team_email(self, policy: Any) -> str | None:
        return policy.team_email or None


class ApiKeyPolicy(KeyEndpoint):
    """The policy of the caller's organization."""

    required = {"GET": ["keys_manage"], "PATCH": ["keys_manage"]}
    person_only = True

    @extend_schema(responses=PolicyObject, tags=["API keys"])
    def get(self, request: Request) -> Response:
        return Response(PolicyObject(policy_of(self.credential.organization)).data)

    @extend_schema(request=PolicyChange, responses=PolicyObject, tags=["API keys"])
    def patch(self, request: Request) -> Response:
        """Set rules. They hold for new and changed keys at once."""
        changes = self.values(PolicyChange, request.data)
        policy = policies.change(self.credential.organization, changes, by=self.actor)
        return Response(PolicyObject(policy).data)
