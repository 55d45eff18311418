"""The bodies of the scan endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictSerializer,
    TimestampField,
)
from accounts.products import ENVIRONMENTS
from scans.models import Scan


class ScanRequest(StrictSerializer):
    """What to scan. Without `workspace_id` the default workspace."""

    workspace_id = StrictCharField(required=False)
    scope = StrictCharField(max_length=100)


class ScanQuery(serializers.Serializer[Any]):
    """Filters of the list."""

    workspace_id = StrictCharField(required=False)
    status = StrictChoiceField(choices=[Scan.QUEUED, Scan.STOPPED], required=False)


class ScanObject(serializers.Serializer[Any]):
    """A request for a scan."""

    id = serializers.CharField(source="public_id")
    workspace_id = serializers.CharField(source="workspace.public_id")
    scope = serializers.CharField()
    status = serializers.ChoiceField(choices=[Scan.QUEUED, Scan.STOPPED])
    created_at = TimestampField()


class WorkspaceObject(serializers.Serializer[Any]):
    """Where scans are kept."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    environment = serializers.ChoiceField(choices=ENVIRONMENTS)
    is_default = serializers.BooleanField()
    created_at = TimestampField()
