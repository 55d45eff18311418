"""Tokens, kept as digests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractIDToken,
    AbstractRefreshToken,
)

from accounts.lookups import Lookup
from accounts.models import Identified, Organization
from accounts.models.identified import IdentifiedQuerySet
from oauth.models.applications import NOT_DECISIVE, Application
from oauth.models.grants import Grant

# Everything that decides whether a token is alive, and for whom.
PERSON = (
    "grant__consent__membership__user",
    "grant__consent__membership__organization",
)


class AccessTokenManager(models.Manager.from_queryset(IdentifiedQuerySet)):  # type: ignore[misc]
    """All access tokens."""

    def find(self, digests: list[bytes]) -> AccessToken | None:
        """The one with this digest, with all that decides about it: one query."""
        return _access_by_digest.find(digests)


class AccessToken(Identified, AbstractAccessToken):
    """What a request shows. Without a grant it is the application's own (RFC 6749 4.4).

    A JWT (RFC 9068) is kept in the same way, as the digest of its whole text.
    """

    prefix: ClassVar[str] = "tok"

    user = None
    source_refresh_token = None
    token = None
    token_checksum = None
    id_token = None
    updated = None

    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="access_tokens"
    )
    grant = models.ForeignKey(
        Grant, on_delete=models.CASCADE, null=True, related_name="access_tokens"
    )
    expires = models.DateTimeField(db_index=True)
    resource = models.JSONField(default=list)
    dpop_jkt = models.CharField(max_length=43, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects: Any = AccessTokenManager()

    def __str__(self) -> str:
        return self.public_id

    @property
    def scopes(self) -> list[str]:
        return str(self.scope).split()

    @property
    def organization(self) -> Organization:
        """Of the application. A token of a person belongs to that person's."""
        return self.application.organization


class RefreshTokenManager(models.Manager["RefreshToken"]):
    """All refresh tokens."""

    def find(self, digests: list[bytes]) -> RefreshToken | None:
        """The one with this digest, with all that decides about it: one query."""
        return _refresh_by_digest.find(digests)


class RefreshToken(Identified, AbstractRefreshToken):
    """What fetches the next pair, once. Its scopes are those of the grant.

    A used one keeps the answer that it fetched for a moment, sealed under itself, so
    that an honest client that lost it can have it again. It expires with its grant, so
    that its reuse is noticed as long as there is anything to end.
    """

    prefix: ClassVar[str] = "rft"

    user = None
    token = None
    token_checksum = None
    application = None
    access_token = None
    token_family = None
    updated = None
    revoked = None
    resource = None

    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    # Without a constraint: PostgreSQL would look here once for each grant that is
    # pruned. No query finds a refresh token whose grant is gone.
    grant = models.ForeignKey(
        Grant,
        on_delete=models.CASCADE,
        related_name="refresh_tokens",
        db_constraint=False,
    )
    expires = models.DateTimeField(db_index=True)
    # Of a public client only: a confidential one proves itself anyway (RFC 9449 5).
    dpop_jkt = models.CharField(max_length=43, blank=True)
    consumed_at = models.DateTimeField(null=True, editable=False)
    successor_id = models.UUIDField(null=True, editable=False)
    sealed_successor = models.BinaryField(null=True, editable=False)

    objects: Any = RefreshTokenManager()

    class Meta:
        constraints: ClassVar = []
        indexes: ClassVar = [
            models.Index(
                fields=["consumed_at"],
                condition=Q(sealed_successor__isnull=False),
                name="refresh_sealed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def is_fresh(self, now: datetime) -> bool:
        return self.consumed_at is None and now < self.expires


class IDToken(AbstractIDToken):
    """An ID token is given away and not kept; the base wants a table for it."""

    user = None
    application = None

    def __str__(self) -> str:
        return str(self.jti)


# The hot path: what is not asked there is not read.
DEFERRED = (
    *(f"application__{name}" for name in NOT_DECISIVE),
    "grant__nonce",
    "grant__code_challenge",
    "grant__redirect_uri",
    "grant__code_digest",
    "grant__consent__membership__user__password",
    "grant__consent__membership__user__email_key",
    "grant__consent__membership__invited_as",
)
_access_by_digest: Lookup[AccessToken] = Lookup(
    lambda: AccessToken.objects.select_related(
        "application__organization", *PERSON
    ).defer(*DEFERRED),
    by="digest",
)
_refresh_by_digest: Lookup[RefreshToken] = Lookup(
    lambda: RefreshToken.objects.select_related(
        "grant__consent__application__organization", *PERSON
    ),
    by="digest",
)
