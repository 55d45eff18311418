"""The one place that tells of a change of a key, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from accounts import audit, webhook_deliveries, webhooks
from accounts.audit import Actor
from accounts.fields import TimestampField
from accounts.models import WebhookDelivery
from apikeys.models import ApiKey

# What the audit log tells apart and a receiver of webhooks need not.
TOLD_AS = {
    "api_key.rotation_finished": "api_key.rotated",
    "api_key.rotation_cancelled": "api_key.rotated",
}
_time = TimestampField()


def record(
    action: str, api_key: ApiKey, *, by: Actor, **details: Any
) -> list[WebhookDelivery]:
    """Write the audit event and leave a webhook for each receiver that wants it; those
    are the answer. `details` hold no secret and fit into JSON."""
    event = audit.record(
        action,
        by=by,
        organization=api_key.organization,
        target=api_key.public_id,
        **details,
    )
    name = TOLD_AS.get(action, action)
    if name not in webhooks.EVENTS:
        return []
    data = partial(_data, api_key, {**details, "action": action, "actor": by.id})
    return webhook_deliveries.emit(
        api_key.organization, name, data, event_id=event.public_id
    )


def record_each(
    action: str, api_keys: Sequence[ApiKey], *, by: Actor, **details: Any
) -> None:
    """The same for many keys of one organization: one query where no receiver wants to
    be told of each."""
    if not api_keys:
        return
    organization = api_keys[0].organization
    if webhook_deliveries.receivers_of(organization, TOLD_AS.get(action, action)):
        for api_key in api_keys:
            record(action, api_key, by=by, **details)
        return
    targets = [api_key.public_id for api_key in api_keys]
    audit.record_each(
        action, by=by, organization=organization, targets=targets, **details
    )


def _data(api_key: ApiKey, details: dict[str, Any]) -> dict[str, Any]:
    """The key as it is now, never its secret, beside what happened."""
    rows = ApiKey.objects.select_related("membership__user")
    key = rows.prefetch_related("secrets").get(pk=api_key.pk)
    told = {
        "id": key.public_id,
        "name": key.name,
        "hint": key.hint,
        "scopes": key.scopes,
        "environment": key.environment,
        "owner": key.owner,
        "status": key.status,
        "created_at": _time.to_representation(key.created_at),
        "expires_at": key.expires_at and _time.to_representation(key.expires_at),
    }
    return told | {name: text for name, text in details.items() if name not in told}
