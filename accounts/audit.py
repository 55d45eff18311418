"""The audit log: one function that every change goes through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts import inserts
from accounts.models import AuditEvent, Organization


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person's or credential's public id, and what they proved it with."""

    id: str
    credential: str = ""
    address: str = ""
    request_id: str = ""


SYSTEM = Actor(id="system")
OPERATOR = Actor(id="operator", credential="command line")


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request that the door has seen: API, page or admin."""
    credential = getattr(request, "credential", None)
    user = getattr(request, "user", None)
    if credential is not None:
        person = credential.user or user
        name = person.public_id if person is not None else credential.id
    else:
        name = getattr(user, "public_id", "anonymous")
    return Actor(
        id=name,
        credential=credential.id if credential is not None else "",
        address=getattr(request, "client_address", ""),
        request_id=getattr(request, "request_id", ""),
    )


def record(
    action: str,
    *,
    by: Actor,
    organization: Organization | None,
    target: str = "",
    **details: Any,
) -> AuditEvent:
    """Write one event in the transaction of the change. Details never hold a secret."""
    event = _event(action, by, organization, target=target, details=details)
    event.save(force_insert=True)
    return event


def record_each(
    action: str,
    *,
    by: Actor,
    organization: Organization,
    targets: Iterable[str],
    **details: Any,
) -> None:
    """The same event for many targets at once."""
    events = [
        _event(action, by, organization, target=target, details=details)
        for target in targets
    ]
    inserts.insert(events)


def _event(
    action: str,
    by: Actor,
    organization: Organization | None,
    *,
    target: str,
    details: dict[str, Any],
) -> AuditEvent:
    """The event, not yet in the database."""
    return AuditEvent(
        action=action,
        organization=organization,
        actor=by.id,
        credential=by.credential,
        address=by.address,
        request_id=by.request_id,
        target=target,
        details=details,
    )
