"""What happened to one key, and which of its uses were refused, from the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit_words, ids
from accounts.denials import DENIED, REPORTED
from accounts.models import AuditEvent, User
from apikeys.models import ApiKey
from apikeys.rotation import CLOCKS_DIFFER

MOST_EVENTS, MOST_REFUSALS = 20, 10
RECENT = timedelta(days=30)
WORDS: dict[str, str | Promise] = {
    "api_key.created": gettext_lazy("Created"),
    "api_key.imported": gettext_lazy("Imported"),
    "api_key.changed": gettext_lazy("Changed"),
    "api_key.rotated": gettext_lazy("Rotated"),
    "api_key.rotation_finished": gettext_lazy(
        "Rotation finished: the old secret ended"
    ),
    "api_key.rotation_cancelled": gettext_lazy(
        "Rotation cancelled: the new secret ended"
    ),
    "api_key.disabled": gettext_lazy("Disabled"),
    "api_key.enabled": gettext_lazy("Enabled"),
    "api_key.revoked": gettext_lazy("Revoked"),
    "api_key.restored": gettext_lazy("Restored"),
    "api_key.transferred": gettext_lazy("Given other hands"),
    "api_key.leaked": gettext_lazy("Reported as leaked"),
    "api_key.stopped": gettext_lazy(
        "Stopped, because its owner left or was deactivated"
    ),
    "api_key.orphaned": gettext_lazy("Lost its contact"),
    "api_key.expiring": gettext_lazy("Told that it expires soon"),
    "api_key.expired": gettext_lazy("Told that it expired"),
    "api_key.idle": gettext_lazy("Told that it is unused"),
    "api_key.new_network": gettext_lazy("Used from a new network"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a trail."""

    at: datetime
    action: str
    words: str | Promise
    more: str
    by: str
    address: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Who made a key, and what was done with it, the newest first."""

    made_by: str
    happenings: list[Happening]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A use that was refused. `others`: so many more of its kind within a minute."""

    at: datetime
    code: str
    route: str
    address: str
    others: int


def of(api_key: ApiKey) -> Trail:
    """All but its refusals."""
    told = _about(api_key, api_key.created_at)
    found = list(told.exclude(action__in=(DENIED, REPORTED))[:MOST_EVENTS])
    made = AuditEvent(actor=api_key.created_by)
    names = audit_words.names([made, *found], api_key.organization)
    happenings = [
        Happening(
            at=event.at,
            action=event.action,
            words=WORDS.get(event.action, event.action),
            more=_more(event.details),
            by=_called(event.actor, names),
            address=event.address,
        )
        for event in found
    ]
    return Trail(_called(made.actor, names), happenings)


def refusals(api_key: ApiKey) -> list[Refusal]:
    """The newest of the last 30 days."""
    since = timezone.now() - RECENT
    found = _about(api_key, since).filter(action=DENIED)[:MOST_REFUSALS]
    return [
        Refusal(
            at=event.at,
            code=event.details.get("code", ""),
            route=event.details.get("route", ""),
            address=event.address,
            others=event.details.get("unrecorded", 0),
        )
        for event in found
    ]


def _called(actor: str, names: dict[str, str]) -> str:
    """Who is no member of the organization, and never was, is an operator: tenants
    learn no more."""
    if actor.startswith(f"{User.prefix}_"):
        return names.get(actor, _("the operator"))
    return names.get(actor, actor)


def _about(api_key: ApiKey, since: datetime) -> QuerySet[AuditEvent]:
    """Ids are ordered by time, and so is the index: older events are not looked at."""
    events = AuditEvent.objects.filter(
        organization=api_key.organization,
        target=api_key.public_id,
        pk__gte=ids.first_at(since - CLOCKS_DIFFER),
    )
    return events.order_by("-pk")


def _more(details: dict[str, Any]) -> str:
    """What was changed, or why."""
    if "after" in details:
        return ", ".join(sorted(details["after"]))
    return str(details.get("reason", ""))
