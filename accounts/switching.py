"""To work in another organization of one's own, without signing in again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit, sessions
from accounts.audit import Actor
from accounts.models import Membership, Organization, Session, User
from accounts.problems import Problem


def choices(user: User) -> QuerySet[Membership]:
    """The memberships that a person may work through, by the organization's name."""
    found = user.memberships.usable().select_related("organization")
    return found.order_by("organization__name", "pk")


def switch(session: Session, organization: str, *, by: Actor) -> Session:
    """A browser's sign-in, in another organization (public id) of the same person.

    It is the same sign-in: it ends when the old one would have, and is no fresher. The
    old one ends. Raises Problem.
    """
    user = session.membership.user
    named = Organization.objects.with_public_id(organization)
    membership = choices(user).filter(organization__in=named).first()
    if membership is None:
        raise Problem("not_found")
    with transaction.atomic():
        sessions.refuse_stale(user, "session_ended")
        if not sessions.end(session, reason="switched", by=by):
            raise Problem("session_ended")
        successor = _carried_over(session, membership)
        successor.save(force_insert=True)
        # Where else somebody works is not for the log of an organization.
        audit.record(
            "session.switched",
            by=by,
            organization=membership.organization,
            target=successor.public_id,
        )
    return successor


def _carried_over(session: Session, membership: Membership) -> Session:
    # The person as loaded before: what was proven was proven for that row.
    membership.user = session.membership.user
    return Session(
        membership=membership,
        is_browser=True,
        factors=session.factors,
        authenticated_at=session.authenticated_at,
        second_step_at=session.second_step_at,
        confirmed_at=session.confirmed_at,
        expires_at=session.expires_at,
        user_agent=session.user_agent,
        address=session.address,
        last_used_ip=session.last_used_ip,
    )
