"""What becomes of a person's credentials when they leave an organization, or rest."""

from __future__ import annotations

from accounts.audit import Actor
from accounts.credentials import Departure, kinds
from accounts.models import Membership, User


def leave(membership: Membership, reason: str, *, by: Actor) -> dict[str, int]:
    """What a person has through a membership that is not usable any more: sign-ins end
    for good, keys stop. The answer is how many, by kind."""
    return {kind.name: kind.left(membership, reason, by=by) for kind in kinds()}


def stop(user: User, *, by: Actor) -> None:
    """An operator deactivated a person: what they have ends or stops everywhere."""
    for membership in user.memberships.current().select_related("organization"):
        leave(membership, "user_deactivated", by=by)


def departure(membership: Membership) -> Departure:
    """The keys that this member's going would stop, or leave without a contact."""
    parts = [kind.departure(membership) for kind in kinds()]
    return Departure(
        personal=[held for part in parts for held in part.personal],
        kept=[held for part in parts for held in part.kept],
    )
