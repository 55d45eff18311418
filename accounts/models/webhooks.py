"""Where an organization wants to be told of its events, and what was sent there."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.identified import Identified, IdentifiedQuerySet
from accounts.models.outbox import MOST_ERROR_CHARACTERS, OutboxMessage
from accounts.models.people import Organization


class WebhookEndpointQuerySet(IdentifiedQuerySet["WebhookEndpoint"]):
    """Many receivers."""

    def locked(self, endpoint: WebhookEndpoint) -> WebhookEndpoint | None:
        """The same row, locked until the transaction ends. None: it was removed."""
        rows = self.select_for_update(of=("self",)).select_related("organization")
        return rows.filter(pk=endpoint.pk).first()


class WebhookEndpoint(Identified):
    """A receiver. `events` names what it is told; empty: everything.

    Messages are signed with the secret, and for a day after a rotation with the one
    before as well.
    """

    prefix: ClassVar[str] = "whk"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="webhook_endpoints"
    )
    url = models.CharField(max_length=500)
    events = models.JSONField(default=list)
    description = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    sealed_secret = models.BinaryField(editable=False)
    sealed_previous_secret = models.BinaryField(null=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=60, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organization", "-id"])]

    @property
    def context(self) -> str:
        """What the sealed secrets are bound to."""
        return f"webhook:{self.public_id}"

    def wants(self, event: str) -> bool:
        return not self.events or event in self.events


class WebhookDeliveryQuerySet(IdentifiedQuerySet["WebhookDelivery"]):
    """Many deliveries."""


class WebhookDelivery(Identified):
    """One event on its way to one endpoint. `body` is the JSON text as it is signed,
    without secrets. `event_id` is the same at every endpoint and every attempt."""

    prefix: ClassVar[str] = "whd"

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    message = models.ForeignKey(
        OutboxMessage, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    event = models.CharField(max_length=60)
    event_id = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_attempt_at = models.DateTimeField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_ms = models.PositiveIntegerField(null=True)
    last_error = models.CharField(max_length=MOST_ERROR_CHARACTERS, blank=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural: ClassVar = "webhook deliveries"
        indexes: ClassVar = [
            models.Index(fields=["endpoint", "-id"]),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]

    @property
    def next_attempt_at(self) -> datetime | None:
        """None once it has ended. Wants the message loaded."""
        if self.status != "pending" or self.message is None:
            return None
        return self.message.next_attempt_at

    @property
    def status(self) -> str:
        """delivered, failed or pending."""
        if self.delivered_at is not None:
            return "delivered"
        return "pending" if self.failed_at is None else "failed"
