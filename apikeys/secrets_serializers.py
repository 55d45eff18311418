"""The bodies of rotations, and how the secrets of a key are shown."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import StrictIntegerField, StrictSerializer, TimestampField
from apikeys.models import ApiKeySecret
from apikeys.rotation import LONGEST_GRACE
from apikeys.serializers import ApiKeyObject

CURRENT, RETIRING = "current", "retiring"


class RotateRequest(StrictSerializer):
    """For how many seconds the old secret lives on: 0, at once, to 30 days."""

    grace_seconds = StrictIntegerField(min_value=0, max_value=LONGEST_GRACE, default=0)


class KeySecretObject(serializers.Serializer[Any]):
    """A secret that is alive, never its text. A retiring one ends at `retires_at`."""

    hint = serializers.CharField()
    status = serializers.SerializerMethodField()
    created_at = TimestampField()
    retires_at = TimestampField(allow_null=True)
    last_used_at = TimestampField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)

    def get_status(self, secret: ApiKeySecret) -> str:
        return CURRENT if secret.is_current else RETIRING


class ApiKeyDetailObject(ApiKeyObject):
    """A key with its secrets that are alive, the newest first."""

    secrets = KeySecretObject(many=True, source="living_secrets")


class RotatedKeyObject(ApiKeyDetailObject):
    """A key just rotated. `key` is in this one answer and nowhere else."""

    key = serializers.CharField()
