"""How a webhook is signed and sent, and what is noted of it (Standard Webhooks)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import audit, outbound, outbox, sealing, webhook_deliveries
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.models.outbox import MOST_ERROR_CHARACTERS
from accounts.opaque import WEBHOOK_SECRET
from accounts.outbound import Content
from accounts.outbox import Undeliverable, Undelivered
from accounts.redaction import redact

GONE = 410
SWITCHED_OFF = "The endpoint was switched off."


def deliver(payload: dict[str, Any]) -> None:
    """One attempt. Raises outbox.Undelivered, Undeliverable or OSError."""
    rows = WebhookDelivery.objects.with_public_id(payload["delivery"])
    joined = rows.select_related("endpoint__organization", "message")
    delivery = joined.first()
    if delivery is None:
        raise Undeliverable("The endpoint was removed.")
    if not delivery.endpoint.is_active:
        # Written while it was being switched off, so that nobody has ended it yet.
        webhook_deliveries.give_up_waiting(delivery.endpoint, SWITCHED_OFF)
        raise Undeliverable(SWITCHED_OFF)
    begun = time.monotonic()
    try:
        status = outbound.post(delivery.endpoint.url, _content(delivery))
    except (Undelivered, OSError) as error:
        _note(delivery, begun, error=str(error) or type(error).__name__)
        raise
    if status == GONE:
        _note(delivery, begun, status=status, error="The endpoint is gone for good.")
        _switch_off(delivery.endpoint)
        raise Undeliverable("The endpoint is gone for good.")
    if not 200 <= status < 300:
        error_text = f"The endpoint answered {status}."
        _note(delivery, begun, status=status, error=error_text)
        raise Undelivered(error_text)
    _note(delivery, begun, status=status)


def signatures(
    endpoint: WebhookEndpoint, event_id: str, seconds: int, body: str
) -> str:
    """Value of webhook-signature: "v1," and the HMAC-SHA-256 in base 64, of every
    secret that signs now, with a space between."""
    sealed = [endpoint.sealed_secret]
    until = endpoint.previous_until
    if endpoint.sealed_previous_secret and until and until > timezone.now():
        sealed.append(endpoint.sealed_previous_secret)
    signed = f"{event_id}.{seconds}.{body}".encode()
    keys = [_key(endpoint, bytes(each)) for each in sealed]
    digests = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    return " ".join(f"v1,{base64.b64encode(each).decode()}" for each in digests)


def _content(delivery: WebhookDelivery) -> Content:
    """Signed anew for each attempt: receivers refuse old timestamps."""
    seconds = int(time.time())
    event_id, body = delivery.event_id, delivery.body
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signatures(delivery.endpoint, event_id, seconds, body),
    }
    return Content(body.encode(), "application/json", headers)


def _key(endpoint: WebhookEndpoint, sealed: bytes) -> bytes:
    secret = sealing.unseal(sealed, context=endpoint.context).decode()
    return base64.b64decode(secret.removeprefix(WEBHOOK_SECRET))


def _note(
    delivery: WebhookDelivery,
    begun: float,
    *,
    status: int | None = None,
    error: str = "",
) -> None:
    """What the attempt came to. A committed row of its own: the attempt was made."""
    now, message = timezone.now(), delivery.message
    over = message is not None and outbox.is_last_attempt(message)
    is_failed = bool(error) and (over or status == GONE)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") + 1,
        last_attempt_at=now,
        response_status=status,
        response_ms=round((time.monotonic() - begun) * 1000),
        last_error=redact(error)[:MOST_ERROR_CHARACTERS],
        delivered_at=None if error else now,
        failed_at=now if is_failed else None,
    )


def _switch_off(endpoint: WebhookEndpoint) -> None:
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True)
        if not rows.update(is_active=False):
            return
        webhook_deliveries.give_up_waiting(endpoint, "The endpoint is gone for good.")
        audit.record(
            "webhook.switched_off",
            by=audit.SYSTEM,
            organization=endpoint.organization,
            target=endpoint.public_id,
            reason="gone",
        )
