"""How a request proves an OAuth access token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts import ids, sealing
from accounts.audit import Actor
from accounts.credentials import OAUTH, Credential, Departure
from accounts.models import Membership, Organization, User
from accounts.presented import BEARER, DPOP
from accounts.problems import Problem
from accounts.products import LIVE, Product
from accounts.tokens import ACCESS_HEADER, claims_of, header_of
from oauth import looks
from oauth.liveness import why_token_dead
from oauth.models import AccessToken, Application, Consent
from oauth.scopes import rights_of
from ratelimits.counted import Counted
from ratelimits.limits import Limits


class OAuthTokens:
    """What an application holds: for a person, or its own."""

    name = OAUTH
    carriers = frozenset({BEARER, DPOP})

    def recognises(self, text: str) -> bool:
        return looks.access_prefix_of(text) is not None or is_jwt(text)

    def find(self, text: str) -> Credential | None:
        token = find(text)
        if token is None:
            return None
        refusal = why_token_dead(token, timezone.now())
        if refusal is not None:
            raise Problem(refusal).about(counted_of(token))
        credential = credential_of(token)
        if not is_for_us(token.resource, credential.product):
            raise Problem(
                "invalid_credential", "This access token is for another resource."
            ).about(credential.counted)
        return credential

    def held_by(self, user: User, organization: Organization) -> list[str]:
        standing = Consent.objects.standing().filter(
            membership__user=user, membership__organization=organization
        )
        return [consent.public_id for consent in standing]

    def names(self, ids_: Iterable[str]) -> dict[str, str]:
        wanted = set(ids_)
        found: dict[str, str] = {}
        for model in HOLDERS:
            rows = model.objects.filter(pk__in=_keys(model.prefix, wanted))
            if model is not Application:
                rows = rows.select_related("application")
            for row in rows:
                application = row if model is Application else row.application
                found[row.public_id] = application.name
        return found

    def limits(self, ids_: Iterable[str]) -> dict[str, Limits]:
        return {}

    def departure(self, membership: Membership) -> Departure:
        return Departure()

    def held_counts(self, memberships: Iterable[UUID]) -> dict[UUID, int]:
        return {}

    def left(self, membership: Membership, reason: str, *, by: Actor) -> int:
        rows = Consent.objects.filter(membership=membership)
        withdrawn: int = rows.withdraw(reason)
        return withdrawn


oauth_tokens = OAuthTokens()
# What an id may name: a token, a consent, or an application that acts for itself.
HOLDERS: tuple[Any, ...] = (AccessToken, Consent, Application)


def _keys(prefix: str, ids_: Iterable[str]) -> list[UUID]:
    """The primary keys behind the ids of one table; ids of others are left out."""
    return [ids.decode(prefix, text) for text in ids_ if text.startswith(f"{prefix}_")]


def is_jwt(text: str) -> bool:
    """Whether it looks like one of our JWT access tokens (RFC 9068). A session's has
    the same type, but no client."""
    header = header_of(text)
    if header is None or header.get("typ") != ACCESS_HEADER:
        return False
    claims = claims_of(text)
    return claims is not None and "client_id" in claims


def find(text: str) -> AccessToken | None:
    """The row of an access token, opaque or JWT: we know what we issued by its digest,
    so a signature has nothing to add."""
    if not looks.is_access_token(text) and not is_jwt(text):
        return None
    token: AccessToken | None = AccessToken.objects.find(sealing.digests(text))
    return token


def credential_of(token: AccessToken) -> Credential:
    """The credential of a token that is alive. All that decides about it is loaded.

    It is counted by what was consented to, or by the application that acts for itself:
    neither a refresh nor another sign-in buys a new bucket.
    """
    holder = _holder_of(token)
    membership = holder.membership if isinstance(holder, Consent) else None
    organization = holder.organization
    return Credential(
        kind=OAUTH,
        id=token.public_id,
        organization=organization,
        membership=membership,
        environment=LIVE,
        rights=rights_of(token),
        expires_at=token.expires,
        limits=organization.limits,
        rate_key=counted_of(token).credential,
        rows=((type(holder), holder.pk),),
        key_thumbprint=token.dpop_jkt,
    )


def counted_of(token: AccessToken) -> Counted:
    """Where its usage is counted, also when it is dead."""
    holder = _holder_of(token)
    return Counted(holder.public_id, OAUTH, holder.organization.public_id, LIVE)


def _holder_of(token: AccessToken) -> Consent | Application:
    """What was consented to, or the application that acts for itself."""
    holder: Consent | Application = (
        token.application if token.grant is None else token.grant.consent
    )
    return holder


def is_for_us(resource: Sequence[str], product: Product) -> bool:
    """Whether a token that names its resources (RFC 8707) names this service."""
    ours = {settings.PUBLIC_URL, product.api_url, product.app_url} - {""}
    return not resource or any(_origin(each) in ours for each in resource)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
