"""How an organization begins, with its first owner, and what it is called."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Membership, Organization, User
from accounts.problems import Problem
from accounts.roles import Role, reaches


def create(
    name: str, *, product: str, plan: str, owner: User, by: Actor
) -> tuple[Organization, Membership]:
    """A new tenant and the membership of its owner. Product and plan exist."""
    with transaction.atomic():
        organization = Organization.objects.create(
            name=name, product_slug=product, plan_slug=plan
        )
        membership = Membership.objects.create(
            user=owner,
            organization=organization,
            role=Role.OWNER,
            joined_at=timezone.now(),
        )
        audit.record(
            "organization.created",
            by=by,
            organization=organization,
            target=organization.public_id,
            product=product,
            plan=plan,
        )
    return organization, membership


def may_rename(person: Credential) -> bool:
    """A person who is an admin or an owner. Keys do not rename what they belong to."""
    member = person.membership if person.is_person else None
    return member is not None and reaches(member.role, Role.ADMIN)


def rename(
    organization: Organization, name: str, *, renamer: Credential, by: Actor
) -> None:
    """Call it otherwise. The name is visible text. Raises Problem."""
    if not may_rename(renamer):
        raise Problem("forbidden", "This needs the role admin or higher.")
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        if organization.name == name:
            return
        before, organization.name = organization.name, name
        organization.save(update_fields=["name"])
        audit.record(
            "organization.renamed",
            by=by,
            organization=organization,
            target=organization.public_id,
            before={"name": before},
            after={"name": name},
        )


def suspend(organization: Organization, *, reason: str, by: Actor) -> None:
    """Nothing of it is let in from the answer on: no person, key or application. All of
    it stays as it is. A second time changes nothing. Raises Problem."""
    members = organization.memberships.current()
    if members.filter(user__in=User.objects.with_public_id(by.id)).exists():
        # Their sign-in may be through it, and end with it.
        raise Problem("conflict", "It is yours too: you would shut yourself out.")
    _set_active(organization, False, by=by, reason=reason)


def resume(organization: Organization, *, by: Actor) -> None:
    """Everything works as it did before."""
    _set_active(organization, True, by=by)


def _set_active(
    organization: Organization, is_active: bool, *, by: Actor, **details: str
) -> None:
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        if organization.is_active == is_active:
            return
        organization.is_active = is_active
        organization.save(update_fields=["is_active"])
        audit.record(
            "organization.resumed" if is_active else "organization.suspended",
            by=by,
            organization=organization,
            target=organization.public_id,
            **details,
        )
