"""Applications: the OAuth clients of an organization."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from oauth2_provider.models import AbstractApplication

from accounts.lookups import Lookup
from accounts.models import Identified, Organization
from accounts.models.identified import IdentifiedQuerySet
from accounts.products import Product

WEB, SPA, NATIVE, MACHINE = "web", "spa", "native", "machine"
TYPES = (WEB, SPA, NATIVE, MACHINE)

CODE = "authorization_code"
REFRESH = "refresh_token"
CLIENT_CREDENTIALS = "client_credentials"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
# What each type of application may ask the token endpoint for.
GRANT_TYPES: dict[str, tuple[str, ...]] = {
    WEB: (CODE, REFRESH, DEVICE),
    SPA: (CODE, REFRESH),
    NATIVE: (CODE, REFRESH, DEVICE),
    MACHINE: (CLIENT_CREDENTIALS,),
}

SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a word of RFC 7591
SECRET_POST = "client_secret_post"  # noqa: S105
PRIVATE_KEY = "private_key_jwt"
NO_AUTHENTICATION = "none"
AUTH_METHODS = (SECRET_BASIC, SECRET_POST, PRIVATE_KEY, NO_AUTHENTICATION)

OPAQUE, JWT = "opaque", "jwt"
TOKEN_FORMATS = (OPAQUE, JWT)
ID_TOKEN_ALGORITHMS = ("RS256", "ES256")
# Columns that no request of an application is decided by.
NOT_DECISIVE = (
    "created_by",
    "last_used_at",
    "last_used_ip",
    "secret_hint",
    "secret_created_at",
    "old_secret_hint",
)


def _choices(words: Sequence[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


class ApplicationQuerySet(IdentifiedQuerySet["Application"]):
    """Many applications."""

    def current(self) -> Self:
        """Not deleted; disabled ones included."""
        return self.filter(deleted_at=None)


class ApplicationManager(models.Manager.from_queryset(ApplicationQuerySet)):  # type: ignore[misc]
    """All applications."""

    def find(self, client_id: str) -> Application | None:
        """The client with this id, with its organization: one query."""
        # What no id of ours holds, a database may not even take.
        if not (client_id.isascii() and client_id.isprintable()):
            return None
        return _by_client_id.find([client_id])


class Application(Identified, AbstractApplication):
    """An OAuth client (RFC 6749 2) of an organization.

    A confidential one has a secret that we made, kept as a digest, and a second one
    while a rotation lets the old live; or public keys (RFC 7523). Private to its
    organization until an operator publishes it.
    """

    prefix: ClassVar[str] = "app"

    # What the base has and we keep elsewhere, or not at all: a secret is a digest, the
    # owner is an organization, consent has its own table.
    user = None
    client_type = None
    authorization_grant_type = None
    client_secret = None
    hash_client_secret = None
    skip_authorization = None
    allowed_origins = None
    registration_source = None
    cimd_expires_at = None
    updated = None

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="applications"
    )
    client_id = models.CharField(max_length=255, unique=True, editable=False)
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=7, choices=_choices(TYPES))
    # The addresses of the two columns below stand with a space between them.
    redirect_uris = models.TextField(blank=True)
    post_logout_redirect_uris = models.TextField(blank=True, default="")
    backchannel_logout_uri = models.CharField(max_length=2000, blank=True)
    scopes = models.JSONField(default=list)
    require_pkce = models.BooleanField(default=False)
    require_pushed_authorization_requests = models.BooleanField(default=False)
    dpop_bound_access_tokens = models.BooleanField(default=False)
    token_endpoint_auth_method = models.CharField(
        max_length=20, choices=_choices(AUTH_METHODS), default=SECRET_BASIC
    )
    client_jwks = models.JSONField(null=True, blank=True)
    algorithm = models.CharField(
        "ID token algorithm",
        max_length=5,
        choices=_choices(ID_TOKEN_ALGORITHMS),
        default="RS256",
    )
    access_token_format = models.CharField(
        max_length=6, choices=_choices(TOKEN_FORMATS), default=OPAQUE
    )

    is_active = models.BooleanField(default=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.CharField(max_length=60, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.CharField(max_length=45, null=True, editable=False)  # noqa: DJ001

    secret_digest = models.BinaryField(max_length=32, null=True, editable=False)
    secret_hint = models.CharField(max_length=60, blank=True, editable=False)
    secret_created_at = models.DateTimeField(null=True, blank=True, editable=False)
    old_secret_digest = models.BinaryField(max_length=32, null=True, editable=False)
    old_secret_hint = models.CharField(max_length=60, blank=True, editable=False)
    old_secret_retires_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: Any = ApplicationManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="newest_applications")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def product(self) -> Product:
        return self.organization.product

    @property
    def is_public(self) -> bool:
        """Whether it can keep no secret (RFC 6749 2.1)."""
        return self.token_endpoint_auth_method == NO_AUTHENTICATION

    @property
    def redirects(self) -> list[str]:
        return self.redirect_uris.split()

    @property
    def post_logout_redirects(self) -> list[str]:
        return self.post_logout_redirect_uris.split()

    @property
    def grant_types(self) -> tuple[str, ...]:
        return GRANT_TYPES[self.type]

    @property
    def status(self) -> str:
        """deleted, disabled or active: the first that holds."""
        if self.deleted_at is not None:
            return "deleted"
        return "active" if self.is_active else "disabled"

    @property
    def is_usable(self) -> bool:
        """Whether it may act now. Wants its organization loaded."""
        organization = self.organization
        return (
            self.status == "active"
            and organization.is_active
            and organization.plan.applications
        )

    def has_secret(self, digests: Sequence[bytes], *, now: datetime) -> bool:
        """Whether one of the digests is that of a secret that lives."""
        stored = [self.secret_digest]
        if self.old_secret_retires_at is not None and now < self.old_secret_retires_at:
            stored.append(self.old_secret_digest)
        # Every comparison is made, so that the time does not tell which one matched.
        matches = [
            hmac.compare_digest(bytes(secret or b""), digest)
            for secret in stored
            for digest in digests
        ]
        return any(matches)

    def serves(self, organization: Organization) -> bool:
        """Whether people of this organization may use it."""
        if organization.pk == self.organization_id:
            return True
        same = organization.product_slug == self.organization.product_slug
        return same and self.published_at is not None

    @property
    def secrets(self) -> list[dict[str, Any]]:
        """The hints of the secrets that live, the newest first."""
        found: list[dict[str, Any]] = []
        if self.secret_digest is not None:
            found.append({"hint": self.secret_hint, "retires_at": None})
        retires_at = self.old_secret_retires_at
        if retires_at is not None and timezone.now() < retires_at:
            found.append({"hint": self.old_secret_hint, "retires_at": retires_at})
        return found


_by_client_id: Lookup[Application] = Lookup(
    lambda: Application.objects.select_related("organization").defer(*NOT_DECISIVE),
    by="client_id",
)
