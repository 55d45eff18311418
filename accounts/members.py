"""The members of an organization, for every door: change and remove them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit, departures
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Membership, Organization
from accounts.permissions import require_role
from accounts.problems import Problem


def change(
    membership: Membership, changes: dict[str, Any], *, changer: Credential, by: Actor
) -> Membership:
    """Set role or `is_active` of a membership, at once for every credential behind
    it."""
    with transaction.atomic():
        organization = _held(membership)
        require_role(changer, membership.role)
        if "role" in changes:
            require_role(changer, changes["role"])
        before = {name: getattr(membership, name) for name in changes}
        if before == changes:
            return membership
        steps_down = changes.get("role", membership.role) != membership.role
        if (
            steps_down or changes.get("is_active") is False
        ) and membership.is_last_owner:
            raise Problem("last_owner")
        was_active = membership.is_active
        for name, value in changes.items():
            setattr(membership, name, value)
        membership.save(update_fields=list(changes))
        if was_active and not membership.is_active:
            departures.leave(membership, "member_deactivated", by=by)
        audit.record(
            "member.changed",
            by=by,
            organization=organization,
            target=membership.user.public_id,
            before=before,
            after=changes,
        )
    return membership


def remove(membership: Membership, *, remover: Credential, by: Actor) -> None:
    """End a membership and every credential that a person has through it."""
    with transaction.atomic():
        organization, user = _held(membership), membership.user
        # Anyone may leave; putting somebody else out needs the right over their role.
        leaves = remover.is_person and remover.user == user
        if not leaves:
            require_role(remover, membership.role)
        if membership.is_last_owner:
            raise Problem("last_owner")
        membership.removed_at = timezone.now()
        membership.save(update_fields=["removed_at"])
        ended = departures.leave(membership, "member_removed", by=by)
        membership.invitations.filter(accepted_at=None).delete()
        audit.record(
            "member.removed",
            by=by,
            organization=organization,
            target=user.public_id,
            ended=ended,
        )


def _held(membership: Membership) -> Organization:
    """The organization, locked, so that the membership is as the row says now."""
    organization = Organization.objects.locked(membership.organization)
    membership.refresh_from_db()
    if membership.removed_at is not None:
        raise Problem("not_found")
    return organization
