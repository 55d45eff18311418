"""The bodies of the key endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictSerializer,
    TimestampField,
)
from accounts.models.limited import NUMBERS
from accounts.products import ENVIRONMENTS
from accounts.usage_serializers import LimitsObject
from apikeys.fields import (
    AllowedIpsField,
    FutureField,
    MetadataField,
    OwnLimitField,
    ScopesField,
    TagsField,
)
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION
from apikeys.listing import STATUSES
from apikeys.models import IP_MODES, REASONS, ApiKey


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
    allowed_ips = AllowedIpsField(required=False)
    ip_mode = StrictChoiceField(choices=IP_MODES, required=False)
    metadata = MetadataField(required=False)
    tags = TagsField(required=False)


class ApiKeyChange(StrictSerializer):
    """What may change about a key. Lists and `metadata` are replaced as a whole, and so
    is all that `limits` gives the key of its own; null takes that away."""

    name = StrictCharField(max_length=100, required=False)
    scopes = ScopesField(required=False)
    expires_at = FutureField(required=False, allow_null=True)
    limits = OwnLimits(required=False, allow_null=True)
    allowed_ips = AllowedIpsField(required=False)
    ip_mode = StrictChoiceField(choices=IP_MODES, required=False)
    metadata = MetadataField(required=False)
    tags = TagsField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "limits" in attrs:
            attrs.update(attrs.pop("limits") or dict.fromkeys(NUMBERS))
        return attrs


class TransferRequest(StrictSerializer):
    """Whose the key shall be: "organization", "me" or a member's id. `contact`, a
    member's id, answers for a key of the organization; without it the caller does."""

    owner = StrictCharField(max_length=40, default=OF_ORGANIZATION)
    contact = StrictCharField(max_length=40, required=False)


class RevokeQuery(StrictSerializer):
    """Why a key is revoked."""

    reason = StrictChoiceField(choices=REASONS, default="other")


class ApiKeyObject(serializers.Serializer[Any]):
    """A key, never its secret. `owner` is "organization" or the member's id.

    `contact` is the member who answers for a key of the organization, `orphaned` says
    that they work there no longer. A revocation can be undone until `restorable_until`.
    """

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
    allowed_ips = serializers.ListField(child=serializers.CharField())
    ip_mode = serializers.ChoiceField(choices=IP_MODES)
    metadata = MetadataField()
    tags = serializers.ListField(child=serializers.CharField())
    contact = serializers.CharField(
        source="contact.user.public_id", allow_null=True, default=None
    )
    orphaned = serializers.BooleanField(source="is_orphaned")
    revoked_at = TimestampField(allow_null=True)
    revoked_reason = serializers.SerializerMethodField()
    created_by = serializers.CharField()
    restorable_until = TimestampField(allow_null=True)

    def get_revoked_reason(self, api_key: ApiKey) -> str | None:
        return api_key.revoked_reason or None


class NewApiKeyObject(ApiKeyObject):
    """A key just made. `key` is in this one answer and nowhere else."""

    key = serializers.CharField()
