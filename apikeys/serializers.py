"""The bodies of the key endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictSerializer,
    TimestampField,
)
from accounts.models.limited import MOST, NUMBERS
from accounts.products import ENVIRONMENTS
from accounts.usage_serializers import LimitsObject
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION
from apikeys.models import REASONS

STATUSES = ("active", "disabled", "expired", "revoked")
MOST_SCOPES = 100


class ScopesField(serializers.ListField):
    """Scopes of the caller's product, each once; an empty list grants nothing."""

    child = StrictCharField(max_length=64)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_SCOPES, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        words: list[str] = super().to_internal_value(data)
        known = self.context["product"].scopes
        unknown = [word for word in words if word not in known]
        if unknown:
            listed = ", ".join(known)
            raise serializers.ValidationError(f"Unknown scope. There are: {listed}.")
        if len(set(words)) < len(words):
            raise serializers.ValidationError("Name each scope once.")
        return words


class FutureField(TimestampField):
    """A moment that is still to come."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if moment <= timezone.now():
            raise serializers.ValidationError("Use a time in the future.")
        return moment


class OwnLimitField(StrictIntegerField):
    """A whole number from 1. Null or left out: the organization's."""

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=MOST, allow_null=True, default=None)


class OwnLimits(StrictSerializer):
    """Limits of the key's own, each at most the organization's. What is null or left
    out is as the organization has it."""

    per_minute = OwnLimitField()
    burst = OwnLimitField()
    daily = OwnLimitField()


class ApiKeyRequest(StrictSerializer):
    """A new key. Without `environment` it is of the caller's own."""

    name = StrictCharField(max_length=100)
    scopes = ScopesField()
    environment = StrictChoiceField(choices=ENVIRONMENTS, required=False)
    expires_at = FutureField(required=False, allow_null=True)
    owner = StrictChoiceField(choices=[OF_ORGANIZATION, OF_MEMBER], required=False)
    limits = OwnLimits(required=False, allow_null=True)


class ApiKeyChange(StrictSerializer):
    """What may change about a key. `limits` replaces all that the key has of its own;
    null takes them away."""

    name = StrictCharField(max_length=100, required=False)
    scopes = ScopesField(required=False)
    expires_at = FutureField(required=False, allow_null=True)
    limits = OwnLimits(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "limits" in attrs:
            attrs.update(attrs.pop("limits") or dict.fromkeys(NUMBERS))
        return attrs


class RevokeQuery(StrictSerializer):
    """Why a key is revoked."""

    reason = StrictChoiceField(choices=REASONS, default="other")


class ApiKeyObject(serializers.Serializer[Any]):
    """A key, never its secret. `owner` is "organization" or the member's id."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    hint = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    environment = serializers.ChoiceField(choices=ENVIRONMENTS)
    owner = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    created_at = TimestampField()
    expires_at = TimestampField(allow_null=True)
    last_used_at = TimestampField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)
    limits = LimitsObject()


class NewApiKeyObject(ApiKeyObject):
    """A key just made. `key` is in this one answer and nowhere else."""

    key = serializers.CharField()
