"""API keys: what people name. Their secrets are rows below them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.credentials import Credential
from accounts.models import Identified, Limited, Membership, Organization, User
from accounts.models.identified import IdentifiedQuerySet
from accounts.products import ENVIRONMENTS, TEST
from ratelimits.limits import Limits

if TYPE_CHECKING:
    from apikeys.models.secrets import ApiKeySecret

LEAKED = "leaked"
REASONS = (LEAKED, "unused", "replaced", "other")
# What somebody may think better of. Other reasons are the system's, such as that the
# member was removed.
UNDONE = frozenset(REASONS) - {LEAKED}
RESTORABLE = timedelta(days=7)
# What an address list does: it refuses, or it only counts what it would refuse.
ENFORCE, REPORT = "enforce", "report"
IP_MODES = (ENFORCE, REPORT)


class ApiKeyQuerySet(IdentifiedQuerySet["ApiKey"]):
    """Many keys."""

    def with_people(self) -> Self:
        """With all that an answer about them names."""
        return self.select_related("organization", "membership__user", "contact__user")

    def live(self) -> Self:
        """Those that would be let in, as far as the key itself decides."""
        return self.lasting().filter(disabled_at=None)

    def lasting(self) -> Self:
        """Neither revoked nor expired: those that a name belongs to."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at=None)

    def ended(self) -> Self:
        """Revoked or expired: all that are not lasting."""
        expired = Q(expires_at__lte=timezone.now())
        return self.filter(expired | Q(revoked_at__isnull=False))

    def orphaned(self) -> Self:
        """Those whose `is_orphaned` holds."""
        works_here = Q(
            contact__removed_at=None,
            contact__is_active=True,
            contact__joined_at__isnull=False,
            contact__user__is_active=True,
        )
        told = self.filter(membership=None, revoked_at=None, contact__isnull=False)
        return told.exclude(works_here)

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

    def locked(self, api_key: ApiKey) -> ApiKey:
        """The same row, with its people, locked until the transaction ends.

        Its organization is locked before it, by everybody, so that no two wait for each
        other, and what is counted of its keys holds still.
        """
        organization = Organization.objects.locked(api_key.organization)
        people = self.select_related("membership__user", "contact__user")
        rows = people.select_for_update(of=("self",))
        locked = rows.get(pk=api_key.pk)
        locked.organization = organization
        return locked

    def revoke(self, reason: str) -> int:
        """Revoke those that are not yet. The answer is how many."""
        return self.filter(revoked_at=None).update(
            revoked_at=timezone.now(), revoked_reason=reason
        )


class ApiKey(Identified, Limited):
    """A long-lived credential of an organization, or of a member where one is set.

    Scopes are as granted; what they are worth now, the credential says. The id stays
    the same through rotations, secrets come and go below it. `contact` is the member
    who answers for a key of the organization. An empty `allowed_ips` allows all. Only
    an operator makes a key `is_service`: it judges every credential of its product.
    """

    prefix: ClassVar[str] = "key"
    # Who is told from where it was used (accounts.last_used).
    uses_told_to: ClassVar[str] = "apikeys.networks.used_from"

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
    is_service = models.BooleanField(default=False, editable=False)
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
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"]),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, revoked_at=None),
                name="key_expiry",
            ),
        ]

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
        stands = self.membership_id is None and self.revoked_at is None
        contact = self.contact if stands else None
        return contact is not None and contact.status != "active"

    @property
    def is_bound(self) -> bool:
        """Whether requests from other addresses are refused."""
        return bool(self.allowed_ips) and self.ip_mode == ENFORCE

    @property
    def hint(self) -> str:
        """The look of the current secret, or of the newest where none is current. Wants
        `secrets` prefetched in lists."""
        secrets = sorted(
            self.secrets.all(), key=lambda secret: (secret.is_current, secret.pk)
        )
        return secrets[-1].hint if secrets else ""

    @property
    def living_secrets(self) -> list[ApiKeySecret]:
        """Those that are let in as long as the key is: the newest first."""
        now = timezone.now()
        secrets = sorted(self.secrets.all(), key=lambda secret: -secret.pk)
        return [secret for secret in secrets if not secret.is_retired(now)]

    @property
    def is_rotating(self) -> bool:
        """Whether an old secret lives out its grace."""
        return any(not secret.is_current for secret in self.living_secrets)

    @property
    def has_leaked(self) -> bool:
        """Whether somebody else is known to have a secret that lives."""
        return any(secret.leaked_at for secret in self.living_secrets)

    @property
    def restorable_until(self) -> datetime | None:
        """Until when its revocation can be undone; none where it cannot."""
        if self.revoked_at is None or self.revoked_reason not in UNDONE:
            return None
        return self.revoked_at + RESTORABLE
