"""API keys: what people name. Their secrets are rows below them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.credentials import Credential
from accounts.models import Identified, Limited, Membership, Organization, User
from accounts.models.identified import IdentifiedQuerySet
from accounts.products import ENVIRONMENTS, TEST
from ratelimits.limits import Limits

LEAKED = "leaked"
REASONS = (LEAKED, "unused", "replaced", "other")
# What an address list does: it refuses, or it only counts what it would refuse.
ENFORCE, REPORT = "enforce", "report"
IP_MODES = (ENFORCE, REPORT)


class ApiKeyQuerySet(IdentifiedQuerySet["ApiKey"]):
    """Many keys."""

    def live(self) -> Self:
        """Those that would be let in, as far as the key itself decides."""
        now = timezone.now()
        unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.filter(unexpired, revoked_at=None, disabled_at=None)

    def seen_by(self, credential: Credential) -> Self:
        """What a credential may list: all with `keys_manage`, else a person's own.

        A sandbox credential sees sandbox keys only.
        """
        found = self.filter(organization=credential.organization)
        if not credential.is_live:
            found = found.filter(environment=TEST)
        if not credential.allows("keys_manage"):
            found = found.filter(membership=credential.membership)
        return found

    def revoke(self, reason: str) -> int:
        """Revoke those that are not yet. The answer is how many."""
        return self.filter(revoked_at=None).update(
            revoked_at=timezone.now(), revoked_reason=reason
        )


class ApiKey(Identified, Limited):
    """A long-lived credential of an organization, or of a member where one is set.

    Scopes are as granted; what they are worth now, the credential says. The id stays
    the same through rotations, secrets come and go below it. `contact` is the member
    who answers for a key of the organization. An empty `allowed_ips` allows all.
    """

    prefix: ClassVar[str] = "key"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="api_keys"
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="api_keys"
    )
    contact = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+"
    )
    name = models.CharField(max_length=100)
    environment = models.CharField(
        max_length=4, choices=[(name, name) for name in ENVIRONMENTS]
    )
    scopes = models.JSONField(default=list)
    allowed_ips = models.JSONField(default=list)
    ip_mode = models.CharField(
        max_length=7, choices=[(mode, mode) for mode in IP_MODES], default=ENFORCE
    )
    metadata = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=60, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_reason = models.CharField(max_length=40, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.CharField(max_length=45, null=True, editable=False)  # noqa: DJ001

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        indexes: ClassVar = [models.Index(fields=["organization", "-id"])]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> str:
        """revoked, expired, disabled or active: the first that holds."""
        if self.revoked_at is not None:
            return "revoked"
        if self.is_expired(timezone.now()):
            return "expired"
        return "active" if self.disabled_at is None else "disabled"

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def limits(self) -> Limits:
        """The organization's, lowered to the key's own where those are smaller."""
        return self.within(self.organization.limits)

    @property
    def owner(self) -> str:
        """`organization`, or the public id of the member whose key it is."""
        return self.membership.user.public_id if self.membership else "organization"

    def belongs_to(self, user: User | None) -> bool:
        return self.membership is not None and self.membership.user == user

    @property
    def is_orphaned(self) -> bool:
        """A key of the organization whose contact works here no longer. Wants the
        contact and its user loaded."""
        contact = self.contact if self.membership is None else None
        return contact is not None and contact.status != "active"

    @property
    def hint(self) -> str:
        """The look of the newest secret. Wants `secrets` prefetched in lists."""
        secrets = sorted(self.secrets.all(), key=lambda secret: secret.pk)
        return secrets[-1].hint if secrets else ""
