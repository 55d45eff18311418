"""Webhooks: where an organization is told of its events, and which there are."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit, outbound, sealing, webhook_deliveries
from accounts.audit import Actor
from accounts.models import Organization, WebhookEndpoint
from accounts.opaque import WEBHOOK_SECRET
from accounts.outbox import Undelivered
from accounts.problems import Problem

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
            webhook_deliveries.give_up_waiting(
                endpoint, "The endpoint was switched off."
            )
    return endpoint


def remove(endpoint: WebhookEndpoint, *, by: Actor) -> None:
    """With its deliveries. What still waits is given up."""
    with transaction.atomic():
        endpoint = _locked(endpoint)
        webhook_deliveries.give_up_waiting(endpoint, "The endpoint was removed.")
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


def _refuse_hopeless(url: str) -> None:
    try:
        outbound.refuse_hopeless(url)
    except Undelivered as error:
        raise Problem.invalid("url", str(error)) from error


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    locked = WebhookEndpoint.objects.locked(endpoint)
    if locked is None:
        raise Problem("not_found")
    return locked


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
