"""A whole tenant at once: organization, owner, workspaces and two keys."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit, organizations
from accounts.audit import Actor
from accounts.models import Organization, User
from accounts.products import ENVIRONMENTS, LIVE, TEST, Plan, Product
from apikeys import lifecycle
from apikeys.lifecycle import Wish
from scans.models import Workspace

# 16 characters of base 64: 96 random bits, and nothing to remember.
PASSWORD_BYTES = 12


class UnprovenOwner(Exception):
    """The address has an account, and nobody ever proved to own its mailbox."""

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} has an account whose mailbox was never proven. Let its person "
            "reset the password by mail first, or name another owner."
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody needs to begin. Secrets are none unless they were made now."""

    product: str
    organization: str
    plan: str
    email: str
    password: str | None
    api_key: str | None
    test_api_key: str | None

    def as_dict(self) -> dict[str, str | None]:
        return asdict(self)


def create(
    name: str, *, product: Product, plan: Plan, email: str, by: Actor
) -> Account:
    """A new tenant. A new owner gets a random password, a known one keeps theirs.

    The two keys belong to the organization and hold every scope of the product. A
    deployment that is a sandbox makes no live one. Raises UnprovenOwner.
    """
    with transaction.atomic():
        owner, password = _owner(email)
        organization, _ = organizations.create(
            name, product=product.slug, plan=plan.slug, owner=owner, by=by
        )
        keys = {
            environment: _key(organization, environment, by=by)
            for environment in ENVIRONMENTS
            if environment == TEST or not settings.SANDBOX_ONLY
        }
        for environment in ENVIRONMENTS:
            Workspace.objects.default_of(organization, environment)
    return Account(
        product=product.slug,
        organization=organization.public_id,
        plan=plan.slug,
        email=owner.email,
        password=password,
        api_key=keys.get(LIVE),
        test_api_key=keys[TEST],
    )


def make_operator(person: User, *, by: Actor) -> None:
    """Give a person the admin."""
    with transaction.atomic():
        person.is_staff = person.is_superuser = True
        person.save(update_fields=["is_staff", "is_superuser"])
        audit.record(
            "operator.created", by=by, organization=None, target=person.public_id
        )


def _owner(email: str) -> tuple[User, str | None]:
    owner = User.objects.with_email(email).first()
    if owner is not None and owner.has_usable_password():
        # Somebody may have taken the account by an invitation that was not theirs.
        if owner.email_verified_at is None:
            raise UnprovenOwner(email)
        return owner, None
    owner = owner or User.objects.enter(email)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    owner.set_password(password)
    # The operator vouches for the address by handing the password over.
    owner.email_verified_at = timezone.now()
    owner.save(update_fields=["password", "email_verified_at"])
    return owner, password


def _key(organization: Organization, environment: str, *, by: Actor) -> str:
    wish = Wish(
        name=f"First {environment} key",
        scopes=tuple(organization.product.scopes),
        environment=environment,
    )
    return lifecycle.issue_for(organization, wish, membership=None, by=by)[1]
