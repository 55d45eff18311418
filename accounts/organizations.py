"""How an organization begins, with its first owner."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Membership, Organization, User
from accounts.roles import Role


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
