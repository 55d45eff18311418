"""What is told to webhooks: one delivery for each endpoint and event."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import ids, inserts, outbox
from accounts.models import (
    Organization,
    OutboxMessage,
    WebhookDelivery,
    WebhookEndpoint,
)
from accounts.problems import Problem

KIND = "webhook"
TEST = "webhook.test"


def emit(
    organization: Organization,
    event: str,
    data: Callable[[], dict[str, Any]],
    *,
    event_id: str,
) -> list[WebhookDelivery]:
    """Tell every endpoint that wants it, in the caller's transaction: one delivery
    each. `data` is asked for only where somebody listens, and holds no secret."""
    receivers = receivers_of(organization, event)
    if not receivers:
        return []
    body = _body(organization, event, data(), event_id=event_id)
    return _queue_each(receivers, event, body, event_id=event_id)


def receivers_of(organization: Organization, event: str) -> list[WebhookEndpoint]:
    """Which endpoints want to be told of it."""
    active = organization.webhook_endpoints.filter(is_active=True)
    return [endpoint for endpoint in active if endpoint.wants(event)]


def test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send an event of no meaning. Raises Problem while the last one is on its way, so
    that nobody fills the outbox."""
    with transaction.atomic():
        endpoint = _listening(endpoint)
        tests = endpoint.deliveries.filter(event=TEST)
        if tests.filter(delivered_at=None, failed_at=None).exists():
            raise Problem("conflict", "The last test is still on its way.")
        event_id = ids.encode("evt", ids.uuid7())
        data = {"webhook": endpoint.public_id}
        body = _body(endpoint.organization, TEST, data, event_id=event_id)
        [delivery] = _queue_each([endpoint], TEST, body, event_id=event_id)
        return delivery


def redeliver(delivery: WebhookDelivery) -> WebhookDelivery:
    """Send it at once and, if need be, again and again, under the same event id. Raises
    Problem where the endpoint is switched off."""
    with transaction.atomic():
        _listening(delivery.endpoint)
        delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
        if delivery.message is not None and delivery.message.delivered_at is None:
            outbox.again(delivery.message)
            delivery.message.refresh_from_db()
        else:
            delivery.message = _message(delivery)
        delivery.delivered_at = delivery.failed_at = None
        delivery.save(update_fields=["message", "delivered_at", "failed_at"])
    return delivery


def give_up_waiting(endpoint: WebhookEndpoint, why: str) -> None:
    """End what still waits for it. In the caller's transaction."""
    waiting: QuerySet[WebhookDelivery] = endpoint.deliveries.filter(
        delivered_at=None, failed_at=None
    )
    outbox.give_up(list(waiting.values_list("message", flat=True)), why)
    waiting.update(failed_at=timezone.now(), last_error=why)


def _body(
    organization: Organization, event: str, data: dict[str, Any], *, event_id: str
) -> str:
    """The text that is signed and sent, the same at every endpoint and attempt."""
    told = {
        "id": event_id,
        "type": event,
        "created_at": timezone.now(),
        "organization": organization.public_id,
        "data": data,
    }
    return json.dumps(told, cls=DjangoJSONEncoder, separators=(",", ":"))


def _queue_each(
    endpoints: list[WebhookEndpoint], event: str, body: str, *, event_id: str
) -> list[WebhookDelivery]:
    """To endpoints of one organization, in two steps however many they are: a
    thousand keys revoked at once have a thousand events."""
    deliveries = [
        WebhookDelivery(endpoint=endpoint, event=event, event_id=event_id, body=body)
        for endpoint in endpoints
    ]
    payloads = [{"delivery": delivery.public_id} for delivery in deliveries]
    organization = endpoints[0].organization
    messages = outbox.post_each(KIND, payloads, organization=organization)
    for delivery, message in zip(deliveries, messages, strict=True):
        delivery.message = message
    inserts.insert(deliveries)
    return deliveries


def _listening(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The row, locked. Raises Problem where it was removed or is switched off."""
    locked = WebhookEndpoint.objects.locked(endpoint)
    if locked is None:
        raise Problem("not_found")
    if not locked.is_active:
        raise Problem("conflict", "The endpoint is switched off. Switch it on first.")
    return locked


def _message(delivery: WebhookDelivery) -> OutboxMessage:
    organization = delivery.endpoint.organization
    payload = {"delivery": delivery.public_id}
    return outbox.post(KIND, payload, organization=organization)
