"""The audit log as people read it: filters, and names in place of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import ids
from accounts.credentials import API_KEY, OAUTH, kinds
from accounts.models import (
    AuditEvent,
    Membership,
    Organization,
    Session,
    User,
    WebhookEndpoint,
)

# A person's name may fit many people; more than these says nothing about one.
MOST_PEOPLE = 100
# Of the details of one event, as the page shows them.
MOST_DETAILS, LONGEST_DETAIL = 8, 120
Wanted = dict[str, Any]


def chosen(organization: Organization, wanted: Wanted) -> QuerySet[AuditEvent]:
    """The events of an organization that fit all that is wanted: `actor` and `target`
    (an id, or part of a person's name or address), `action` (its beginning), `since`
    and `until` (days of UTC, both included)."""
    events = AuditEvent.objects.filter(organization=organization)
    for field in ("actor", "target"):
        text = wanted.get(field)
        if text:
            people = _people_like(organization, text)
            events = events.filter(Q(**{field: text}) | Q(**{f"{field}__in": people}))
    if wanted.get("action"):
        events = events.filter(action__startswith=wanted["action"])
    if wanted.get("since"):
        first = datetime.combine(wanted["since"], time.min, UTC)
        events = events.filter(at__gte=first)
    if wanted.get("until"):
        last = datetime.combine(wanted["until"], time.max, UTC)
        events = events.filter(at__lte=last)
    return events


def names(events: Iterable[AuditEvent], organization: Organization) -> dict[str, str]:
    """What the actors, credentials and targets are called, by id. Who has no name any
    more is left out. A fixed number of statements."""
    seen = {
        text
        for event in events
        for text in (event.actor, event.credential, event.target)
        if text
    }
    return {
        **_fixed(organization),
        **_named_by_kinds(seen),
        **_webhooks(organization, seen),
        **{text: _("a sign-in") for text in seen if _is_of(text, Session.prefix)},
        **_people(organization, seen),
    }


def names_everywhere(events: Iterable[AuditEvent]) -> dict[str, str]:
    """The same for an operator, who sees those of all organizations."""
    seen = {text for event in events for text in (event.actor, event.target) if text}
    people = User.objects.filter(pk__in=_keys_of(User.prefix, seen))
    tenants = Organization.objects.filter(pk__in=_keys_of(Organization.prefix, seen))
    return {
        **_named_by_kinds(seen),
        **{person.public_id: person.email for person in people},
        **{tenant.public_id: tenant.name for tenant in tenants},
    }


def details(event: AuditEvent) -> list[tuple[str, str]]:
    """What changed and what else was written down, as pairs of short texts."""
    return list(islice(_pairs(event.details), MOST_DETAILS))


def _pairs(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    before, after = found.get("before"), found.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        for name in after:
            yield name, f"{_short(before.get(name))} → {_short(after[name])}"
        found = {
            name: value
            for name, value in found.items()
            if name not in ("before", "after")
        }
    for name, value in found.items():
        yield name, _short(value)


def _short(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}…"


def _fixed(organization: Organization) -> dict[str, str]:
    return {
        "system": _("Doorward"),
        "operator": _("the operator"),
        "anonymous": _("somebody"),
        organization.public_id: organization.name,
    }


def _named_by_kinds(seen: set[str]) -> dict[str, str]:
    """Of API keys and of what OAuth knows. A sign-in has no name of its own."""
    keys = {text for text in seen if _is_of(text, "key")}
    wanted = {API_KEY: keys, OAUTH: seen - keys}
    return {
        text: name
        for kind in kinds()
        for text, name in kind.names(wanted.get(kind.name, set())).items()
    }


def _webhooks(organization: Organization, seen: set[str]) -> dict[str, str]:
    wanted = _keys_of(WebhookEndpoint.prefix, seen)
    rows = WebhookEndpoint.objects.filter(pk__in=wanted, organization=organization)
    return {row.public_id: row.description or row.url for row in rows}


def _people(organization: Organization, seen: set[str]) -> dict[str, str]:
    """Who is or was a member. Others have no name here."""
    wanted = _keys_of(User.prefix, seen)
    rows = Membership.objects.filter(organization=organization, user__in=wanted)
    # Somebody who came back is called as in the newest row.
    members = rows.select_related("user").order_by("pk")
    return {member.user.public_id: _name(member) for member in members}


def _name(member: Membership) -> str:
    """An invited person's own name is not the organization's to know."""
    return member.user.name or member.email if member.joined_at else member.email


def _people_like(organization: Organization, text: str) -> list[str]:
    own = Q(user__email__icontains=text) | Q(user__name__icontains=text)
    invited = Q(joined_at=None, invited_as__icontains=text)
    found = Membership.objects.filter(
        Q(joined_at__isnull=False) & own | invited, organization=organization
    )
    keys = found.values_list("user_id", flat=True).distinct()[:MOST_PEOPLE]
    return [ids.encode(User.prefix, key) for key in keys]


def _keys_of(prefix: str, seen: set[str]) -> list[Any]:
    return [ids.decode(prefix, text) for text in seen if _is_of(text, prefix)]


def _is_of(text: str, prefix: str) -> bool:
    try:
        ids.decode(prefix, text)
    except ValueError:
        return False
    return True
