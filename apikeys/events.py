"""The one place that tells of a change of a key, in the transaction of the change."""

from __future__ import annotations

from typing import Any

from accounts import audit
from accounts.audit import Actor
from apikeys.models import ApiKey


def record(action: str, api_key: ApiKey, *, by: Actor, **details: Any) -> None:
    """Write the audit event. `details` hold no secret and fit into JSON."""
    audit.record(
        action,
        by=by,
        organization=api_key.organization,
        target=api_key.public_id,
        **details,
    )
