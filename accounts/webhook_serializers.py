"""The bodies of the endpoints about webhooks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictSerializer,
    TimestampField,
)
from accounts.webhooks import EVENTS

MOST_URL_CHARACTERS = 500
STATUSES = ("pending", "delivered", "failed")


class EventsField(serializers.ListField):
    """Words of EVENTS, each once. An empty list means all, also those to come."""

    child = StrictChoiceField(choices=EVENTS)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=len(EVENTS), **options)

    def to_internal_value(self, data: Any) -> list[str]:
        words: list[str] = super().to_internal_value(data)
        if len(set(words)) < len(words):
            raise serializers.ValidationError("Name each event once.")
        return words


class WebhookRequest(StrictSerializer):
    """A new endpoint."""

    url = StrictCharField(max_length=MOST_URL_CHARACTERS)
    events = EventsField(default=list)
    description = StrictCharField(max_length=100, allow_blank=True, default="")


class WebhookChange(StrictSerializer):
    """What may change about an endpoint."""

    url = StrictCharField(max_length=MOST_URL_CHARACTERS, required=False)
    events = EventsField(required=False)
    description = StrictCharField(max_length=100, allow_blank=True, required=False)
    is_active = StrictBooleanField(required=False)


class WebhookObject(serializers.Serializer[Any]):
    """An endpoint, never its secret. Until `previous_until` the secret of before the
    last rotation signs as well."""

    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS))
    description = serializers.CharField(allow_blank=True)
    is_active = serializers.BooleanField()
    created_at = TimestampField()
    created_by = serializers.CharField()
    previous_until = TimestampField(allow_null=True)


class NewWebhookObject(WebhookObject):
    """`secret` is in this one answer and nowhere else."""

    secret = serializers.CharField()


class WebhookDeliveryObject(serializers.Serializer[Any]):
    """One event on its way to the endpoint. `body` is the text that was signed."""

    id = serializers.CharField(source="public_id")
    event = serializers.CharField()
    event_id = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    attempts = serializers.IntegerField()
    created_at = TimestampField()
    last_attempt_at = TimestampField(allow_null=True)
    next_attempt_at = TimestampField(allow_null=True)
    response_status = serializers.IntegerField(allow_null=True)
    response_ms = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(source="last_error", allow_blank=True)
    delivered_at = TimestampField(allow_null=True)
    body = serializers.CharField()
