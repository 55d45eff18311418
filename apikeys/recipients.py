"""Whom mail about a key goes to: who answers for it, the team, who else must know."""

from __future__ import annotations

from collections.abc import Iterable

from accounts import addresses
from accounts.models import Membership, Organization, User
from accounts.roles import Role
from apikeys.models import ApiKey, KeyPolicy


def of_notice(api_key: ApiKey, policy: KeyPolicy) -> list[str]:
    """The person of a personal key; else the contact, or where none works here the
    owners; and the organization's team."""
    person = _answering(api_key)
    if person is not None:
        people = [person.user.email]
    elif api_key.membership is not None:
        # It has stopped with its person: there is nothing to be told ahead.
        people = []
    else:
        people = owners(api_key.organization)
    return each_once([*people, policy.team_email])


def of_leak(api_key: ApiKey, owners_of_all: list[str]) -> list[str]:
    """The person of a personal key; else the owners, beside who answers for it. A leak
    is told even of keys that have stopped."""
    person = _answering(api_key)
    if person is None:
        return owners_of_all
    is_personal = api_key.membership is not None
    return [person.user.email, *([] if is_personal else owners_of_all)]


def of_every_leak(policy: KeyPolicy) -> list[str]:
    """The organization's team, and the operators."""
    operators = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    return [policy.team_email, *(user.email for user in operators)]


def owners(organization: Organization) -> list[str]:
    usable = Membership.objects.usable().filter(organization=organization)
    rows = usable.filter(role=Role.OWNER).select_related("user").order_by("pk")
    return [member.user.email for member in rows]


def each_once(emails: Iterable[str | None]) -> list[str]:
    """Mail addresses in order, without the empty ones; case does not tell two apart."""
    found: dict[str, str] = {}
    for email in emails:
        if email:
            found.setdefault(addresses.fold(email), email)
    return list(found.values())


def _answering(api_key: ApiKey) -> Membership | None:
    person = api_key.membership or api_key.contact
    return person if person is not None and person.status == "active" else None
