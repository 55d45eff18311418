"""What people let applications do: consent, and each authorization under it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from oauth2_provider.models import AbstractDeviceGrant, AbstractGrant

from accounts.lookups import Lookup
from accounts.models import Identified, Membership, Organization, Session, User
from accounts.models.identified import IdentifiedQuerySet
from oauth.models.applications import Application


class ConsentQuerySet(IdentifiedQuerySet["Consent"]):
    """Many consents."""

    def standing(self) -> Self:
        """Those that count now, as far as the person decides."""
        user = "membership__user__"
        unchanged = Q(**{f"{user}password_changed_at": None}) | Q(
            granted_at__gte=F(f"{user}password_changed_at")
        )
        return self.filter(
            unchanged,
            withdrawn_at=None,
            granted_at__gte=F(f"{user}credentials_valid_from"),
            membership__in=Membership.objects.usable(),
        )

    def withdraw(self, reason: str) -> int:
        """Withdraw those that are not yet. Their tokens are refused from then on."""
        return self.filter(withdrawn_at=None).update(
            withdrawn_at=timezone.now(), withdrawn_reason=reason
        )


class Consent(Identified):
    """What a person lets an application do in an organization. The API's grant.

    Withdrawn ones stay as a record: who consents again gets a new row, so no token of
    before comes alive.
    """

    prefix: ClassVar[str] = "grt"

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="consents"
    )
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="consents"
    )
    scopes = models.JSONField(default=list)
    granted_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.CharField(max_length=40, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.CharField(max_length=45, null=True, editable=False)  # noqa: DJ001

    objects: Any = ConsentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership", "application"],
                condition=Q(withdrawn_at=None),
                name="one_standing_consent",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["withdrawn_at"],
                condition=Q(withdrawn_at__isnull=False),
                name="consent_withdrawn",
            ),
        ]

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def organization(self) -> Organization:
        return self.membership.organization

    @property
    def stands(self) -> bool:
        """What `standing` says of the consent itself; the membership is asked apart."""
        user = self.membership.user
        changed_at = user.password_changed_at
        return (
            self.withdrawn_at is None
            and self.granted_at >= user.credentials_valid_from
            and (changed_at is None or self.granted_at >= changed_at)
        )


class GrantManager(models.Manager["Grant"]):
    """All authorizations."""

    def find(self, digests: list[bytes]) -> Grant | None:
        """The one whose code has this digest, with all that decides: one query."""
        return _by_code.find(digests)


class Grant(Identified, AbstractGrant):
    """One authorization: first a code, and once that is redeemed, a family of tokens.

    `expires` is the end of the code, afterwards the absolute end of the family.
    `revoked_at` ends every token of it. How the person signed in is kept for the
    claims auth_time, amr and sid.
    """

    prefix: ClassVar[str] = "ath"

    user = None
    application = None
    code = None
    code_challenge_method = None
    claims = None
    updated = None

    consent = models.ForeignKey(
        Consent, on_delete=models.CASCADE, related_name="grants"
    )
    code_digest = models.BinaryField(
        max_length=32, null=True, unique=True, editable=False
    )
    expires = models.DateTimeField(db_index=True)
    redirect_uri = models.TextField(blank=True)
    nonce = models.CharField(max_length=512, blank=True)
    resource = models.JSONField(default=list)
    dpop_jkt = models.CharField(max_length=43, blank=True)
    session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    auth_time = models.DateTimeField()
    amr = models.JSONField(default=list)
    consumed_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    # Set when the application was told that the session has ended.
    logout_announced_at = models.DateTimeField(null=True, editable=False)

    objects: Any = GrantManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["session"],
                condition=Q(logout_announced_at=None, consumed_at__isnull=False),
                name="logout_not_announced",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def scopes(self) -> list[str]:
        return str(self.scope).split()


class DeviceGrant(Identified, AbstractDeviceGrant):
    """A device that waits until a person lets it in elsewhere (RFC 8628)."""

    prefix: ClassVar[str] = "dev"

    user = None
    device_code = None
    user_code = None
    client_id = None
    status = None
    last_checked = None

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="+"
    )
    device_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    user_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scope = models.TextField()
    resource = models.JSONField(default=list)
    # Where it asked from, for the person who is asked.
    address = models.CharField(max_length=45, blank=True, editable=False)
    expires = models.DateTimeField(db_index=True)
    # Seconds between two questions; each one that comes too early adds five.
    interval = models.PositiveIntegerField(default=5)
    last_polled_at = models.DateTimeField(null=True, editable=False)
    denied_at = models.DateTimeField(null=True, editable=False)
    consumed_at = models.DateTimeField(null=True, editable=False)
    # Set when a person allows it. Without a constraint, as that of a refresh token.
    grant = models.ForeignKey(
        Grant,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_constraint=False,
    )

    class Meta:
        constraints: ClassVar = []

    def __str__(self) -> str:
        return self.public_id

    @property
    def scopes(self) -> list[str]:
        return str(self.scope).split()

    def is_open(self, now: datetime) -> bool:
        """Whether it still waits for a person."""
        return now < self.expires and self.grant_id is None and self.denied_at is None


class PushedRequest(Identified):
    """The parameters of an authorization request that came by the back way (RFC 9126).

    None of them is a secret: the client proved itself before they are kept.
    """

    prefix: ClassVar[str] = "par"

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="+"
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    parameters = models.JSONField()
    expires = models.DateTimeField(db_index=True)


_by_code: Lookup[Grant] = Lookup(
    lambda: Grant.objects.select_related(
        "consent__application__organization",
        "consent__membership__user",
        "consent__membership__organization",
    ),
    by="code_digest",
)
