"""Organizations, the people in them, and how they came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import addresses
from accounts.models.identified import Identified, IdentifiedQuerySet
from accounts.models.limited import Limited
from accounts.products import Plan, Product, products
from accounts.roles import CHOICES, Role
from ratelimits.limits import Limits


def usual_alerts() -> list[int]:
    return [80, 100]


class OrganizationQuerySet(IdentifiedQuerySet["Organization"]):
    """Many organizations."""

    def locked(self, organization: Organization) -> Organization:
        """The same row, locked until the transaction ends: counts below it hold
        still."""
        # A full lock would also hold up audit events that name the organization, and
        # with them a sign-out that has the very row that we want next.
        return self.select_for_update(no_key=True).get(pk=organization.pk)


class Organization(Identified, Limited):
    """A tenant. `product_slug` and `plan_slug` name entries of the product files."""

    prefix: ClassVar[str] = "org"

    name = models.CharField(max_length=100)
    product_slug = models.CharField(max_length=40)
    plan_slug = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True)
    # At which percentages of a daily quota its admins are mailed.
    alert_percents = models.JSONField(default=usual_alerts)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def product(self) -> Product:
        """Raises ImproperlyConfigured where its file is gone."""
        product = products().get(self.product_slug)
        if product is None:
            raise ImproperlyConfigured(f'No file for product "{self.product_slug}".')
        return product

    @property
    def plan(self) -> Plan:
        """Raises ImproperlyConfigured where the product no longer has it."""
        plan = self.product.plans.get(self.plan_slug)
        if plan is None:
            missing = f'{self.product_slug}: there is no plan "{self.plan_slug}".'
            raise ImproperlyConfigured(missing)
        return plan

    @property
    def limits(self) -> Limits:
        """The plan's, each number replaced by the operator's where one is set."""
        return self.in_place_of(self.plan.limits)


class UserQuerySet(IdentifiedQuerySet["User"]):
    """Many people; also the manager that Django's auth expects."""

    def with_email(self, email: str) -> Self:
        return self.filter(email_key=addresses.fold(email))

    def get_by_natural_key(self, email: str) -> User:
        user: User = self.with_email(email).get()
        return user

    def enter(self, email: str, **fields: Any) -> User:
        """Make a person without a password. Raises IntegrityError for a known
        address."""
        user: User = self.model(email=email, email_key=addresses.fold(email), **fields)
        user.set_unusable_password()
        user.save(force_insert=True)
        return user


class User(Identified, AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A person, found by e-mail. `is_active` and the rights of staff belong to
    operators.

    `credentials_valid_from`: sign-ins of before are dead, whatever their
    rows say. It moves forward when everything must end at once. `password_changed_at`:
    what others were allowed before, in the person's name, is over.
    """

    prefix: ClassVar[str] = "usr"

    # Each sign-in has a Session row, so the column of AbstractBaseUser would say it
    # twice.
    last_login = None

    email = models.CharField(max_length=addresses.MOST_CHARACTERS)
    email_key = models.CharField(
        max_length=addresses.MOST_CHARACTERS * 2, unique=True, editable=False
    )
    # Set when a link or code that was mailed came back, never by a link that was shown.
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator (may use the admin)", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    credentials_valid_from = models.DateTimeField(default=timezone.now, editable=False)
    password_changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserQuerySet.as_manager()

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class MembershipQuerySet(IdentifiedQuerySet["Membership"]):
    """Many memberships."""

    def current(self) -> Self:
        """Not removed; invited and deactivated ones included."""
        return self.filter(removed_at=None)

    def usable(self) -> Self:
        """Those that a person may act through now."""
        return self.current().filter(
            is_active=True,
            joined_at__isnull=False,
            organization__is_active=True,
            user__is_active=True,
        )


class Membership(Identified):
    """A user in an organization with a role. A removed one stays as a record.

    Whoever comes back gets a new row, so nothing of the old one comes alive again.
    """

    prefix: ClassVar[str] = "mem"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=CHOICES)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # As the inviter wrote it: how somebody spells their address is not the inviter's.
    invited_as = models.CharField(
        max_length=addresses.MOST_CHARACTERS, blank=True, editable=False
    )
    joined_at = models.DateTimeField(null=True, blank=True, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "organization"],
                condition=Q(removed_at=None),
                name="one_current_membership",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.public_id}"

    @property
    def email(self) -> str:
        """The address as this organization may see it."""
        return self.user.email if self.joined_at is not None else self.invited_as

    @property
    def status(self) -> str:
        """invited, active, inactive or removed."""
        if self.removed_at is not None:
            return "removed"
        if self.joined_at is None:
            return "invited"
        return "active" if self.is_active and self.user.is_active else "inactive"

    @property
    def is_usable(self) -> bool:
        """Whether the person may act through it now. Wants user and organization
        loaded."""
        return self.status == "active" and self.organization.is_active

    @property
    def is_last_owner(self) -> bool:
        """Ask with the organization locked, else two owners can leave side by side."""
        owners = Membership.objects.usable().filter(
            organization_id=self.organization_id, role=Role.OWNER
        )
        return self.role == Role.OWNER and not owners.exclude(pk=self.pk).exists()


class Invitation(Identified):
    """A way in for one membership. Two tokens lead to it, only their digests are kept.

    The inviter is shown one; the other goes by mail, and only that one proves the
    mailbox.
    """

    prefix: ClassVar[str] = "inv"

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="invitations"
    )
    shown_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    mailed_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=Q(accepted_at=None),
                name="invitation_not_accepted",
            ),
        ]

    def is_open(self, now: datetime) -> bool:
        """Not used, not out of date, and the membership still waits for its person."""
        waits = self.membership.status == "invited" and self.membership.is_active
        return self.accepted_at is None and now < self.expires_at and waits
