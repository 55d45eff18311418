"""What a list of members says of each of them, by a few queries for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django_otp_webauthn.models import WebAuthnCredential

from accounts.credentials import kinds
from accounts.models import Membership, Organization, Session, TotpDevice
from accounts.models.people import MembershipQuerySet
from accounts.roles import ROLES

AUTHENTICATOR, PASSKEY = "authenticator", "passkey"


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the list. Of who is only invited nothing is told but the address as
    it was invited: the rest is theirs until they join.

    `factors`: AUTHENTICATOR, PASSKEY, both or none of them. `keys`: how many stop with
    the member, or lose who answers for them.
    """

    membership: Membership
    factors: list[str]
    last_active_at: datetime | None
    keys: int

    @property
    def name(self) -> str:
        joined = self.membership.joined_at is not None
        return self.membership.user.name if joined else ""


def rows(organization: Organization, *, search: str, role: str) -> MembershipQuerySet:
    """The members that a search leaves, with their people."""
    found: MembershipQuerySet = organization.memberships.current()
    found = found.select_related("user")
    if role in ROLES:
        found = found.filter(role=role)
    if search:
        # A search must not tell what the list does not show.
        of_person = Q(user__name__icontains=search) | Q(user__email__icontains=search)
        invited = Q(joined_at=None, invited_as__icontains=search)
        found = found.filter(Q(joined_at__isnull=False) & of_person | invited)
    return found


def described(memberships: Sequence[Membership]) -> list[Member]:
    """The same memberships, in their order. Wants their users loaded."""
    joined = [each for each in memberships if each.joined_at is not None]
    factors, active = _factors(joined), _last_active(joined)
    keys: Counter[UUID] = Counter()
    for kind in kinds():
        keys.update(kind.held_counts(each.pk for each in memberships))
    return [
        Member(
            membership=each,
            factors=factors.get(each.user_id, []) if each.joined_at else [],
            last_active_at=active.get(each.pk),
            keys=keys[each.pk],
        )
        for each in memberships
    ]


def _factors(memberships: Sequence[Membership]) -> dict[UUID, list[str]]:
    """Second factors by person."""
    people = [each.user_id for each in memberships]
    found: dict[UUID, list[str]] = {}
    for word, model in ((AUTHENTICATOR, TotpDevice), (PASSKEY, WebAuthnCredential)):
        devices: Any = model.objects.filter(user__in=people, confirmed=True)
        for person in devices.values_list("user", flat=True).distinct():
            found.setdefault(person, []).append(word)
    return found


def _last_active(memberships: Sequence[Membership]) -> dict[UUID, datetime]:
    """When they last did something here themselves, by membership."""
    used: Any = Session.objects.filter(membership__in=[each.pk for each in memberships])
    return dict(used.values_list("membership").annotate(Max("last_used_at")))
