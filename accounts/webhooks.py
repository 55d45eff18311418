"""Webhooks: where an organization is told of its events, and what it is told."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, ids, outbound, outbox, sealing
from accounts.audit import Actor
from accounts.models import Organization, WebhookDelivery, WebhookEndpoint
from accounts.opaque import WEBHOOK_SECRET
from accounts.outbox import Undelivered
from accounts.problems import Problem

KIND = "webhook"
TEST = "webhook.test"
EVENTS = (
    "api_key.created",
    "api_key.changed",
    "api_key.rotated",
    "api_key.revoked",
    "api_key.restored",
    "api_key.disabled",
    "api_key.enabled",
    "api_key.transferred",
    "api_key.orphaned",
    "api_key.expiring",
    "api_key.expired",
    "api_key.leaked",
    "api_key.new_network",
    "api_key.idle",
)
MOST_ENDPOINTS = 20
# Standard Webhooks: 24 to 64 random bytes, in base 64 after the prefix.
SECRET_BYTES = 32
# Both secrets sign for so long after a rotation.
OVERLAP = timedelta(hours=24)


def make(
    organization: Organization, wish: Mapping[str, Any], *, by: Actor
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is shown this once. Raises Problem.

    `wish` has `url` and may have `events`, `description`, `is_active`.
    """
    _refuse_hopeless(wish["url"])
    secret = _new_secret()
    endpoint = WebhookEndpoint(organization=organization, created_by=by.id, **wish)
    endpoint.sealed_secret = _sealed(endpoint, secret)
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        if organization.webhook_endpoints.count() >= MOST_ENDPOINTS:
            why = f"There are {MOST_ENDPOINTS} endpoints already. Remove one first."
            raise Problem("conflict", why)
        endpoint.save(force_insert=True)
        _record("webhook.created", endpoint, by=by, events=endpoint.events)
    return endpoint, secret


def change(
    endpoint: WebhookEndpoint, changes: Mapping[str, Any], *, by: Actor
) -> WebhookEndpoint:
    """Change what `make` takes. What still waits for one that is switched off is given
    up. Raises Problem."""
    if "url" in changes:
        _refuse_hopeless(changes["url"])
    with transaction.atomic():
        endpoint = _locked(endpoint)
        differing = {
            name: value
            for name, value in changes.items()
            if getattr(endpoint, name) != value
        }
        for name, value in differing.items():
            setattr(endpoint, name, value)
        if differing:
            endpoint.save(update_fields=list(differing))
            _record("webhook.changed", endpoint, by=by, changed=sorted(differing))
        if not endpoint.is_active:
            give_up_waiting(endpoint, "The endpoint was switched off.")
    return endpoint


def remove(endpoint: WebhookEndpoint, *, by: Actor) -> None:
    """With its deliveries. What still waits is given up."""
    with transaction.atomic():
        endpoint = _locked(endpoint)
        give_up_waiting(endpoint, "The endpoint was removed.")
        _record("webhook.removed", endpoint, by=by)
        endpoint.delete()


def rotate_secret(
    endpoint: WebhookEndpoint, *, by: Actor
) -> tuple[WebhookEndpoint, str]:
    """A new secret, shown this once. For a day the one before signs as well."""
    secret = _new_secret()
    with transaction.atomic():
        endpoint = _locked(endpoint)
        endpoint.sealed_previous_secret = endpoint.sealed_secret
        endpoint.previous_until = timezone.now() + OVERLAP
        endpoint.sealed_secret = _sealed(endpoint, secret)
        endpoint.save(
            update_fields=["sealed_secret", "sealed_previous_secret", "previous_until"]
        )
        _record("webhook.secret_rotated", endpoint, by=by)
    return endpoint, secret


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
    return [_queue(endpoint, event, body, event_id=event_id) for endpoint in receivers]


def receivers_of(organization: Organization, event: str) -> list[WebhookEndpoint]:
    """Which endpoints want to be told of it."""
    active = WebhookEndpoint.objects.filter(organization=organization, is_active=True)
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
        return _queue(endpoint, TEST, body, event_id=event_id)


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


def _queue(
    endpoint: WebhookEndpoint, event: str, body: str, *, event_id: str
) -> WebhookDelivery:
    delivery = WebhookDelivery(
        endpoint=endpoint, event=event, event_id=event_id, body=body
    )
    delivery.message = _message(delivery)
    delivery.save(force_insert=True)
    return delivery


def _message(delivery: WebhookDelivery) -> Any:
    organization = delivery.endpoint.organization
    payload = {"delivery": delivery.public_id}
    return outbox.post(KIND, payload, organization=organization)


def _refuse_hopeless(url: str) -> None:
    try:
        outbound.refuse_hopeless(url)
    except Undelivered as error:
        raise Problem.invalid("url", str(error)) from error


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Raises Problem where it was removed meanwhile."""
    rows = WebhookEndpoint.objects.select_for_update(of=("self",))
    found = rows.select_related("organization").filter(pk=endpoint.pk).first()
    if found is None:
        raise Problem("not_found")
    return found


def _listening(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    endpoint = _locked(endpoint)
    if not endpoint.is_active:
        raise Problem("conflict", "The endpoint is switched off. Switch it on first.")
    return endpoint


def _new_secret() -> str:
    random = secrets.token_bytes(SECRET_BYTES)
    return WEBHOOK_SECRET + base64.b64encode(random).decode()


def _sealed(endpoint: WebhookEndpoint, secret: str) -> bytes:
    return sealing.seal(secret.encode(), context=endpoint.context)


def _record(
    action: str, endpoint: WebhookEndpoint, *, by: Actor, **details: Any
) -> None:
    """The host alone: the rest of an address is often a secret."""
    audit.record(
        action,
        by=by,
        organization=endpoint.organization,
        target=endpoint.public_id,
        host=outbound.host_of(endpoint.url),
        **details,
    )
