"""What we sign about people and tokens: ID tokens, JWT access tokens, logout tokens."""

from __future__ import annotations

import base64
import hashlib
import time
from functools import cached_property
from typing import Any

import jwt
from django.conf import settings

from accounts import ids, signing
from accounts.models import Organization, Session, User
from accounts.tokens import ACCESS_HEADER
from oauth.models import AccessToken, Application, Grant
from oauth.models.applications import ID_TOKEN_ALGORITHMS

LOGOUT_SECONDS = 120
ID_HEADER = "JWT"
LOGOUT_HEADER = "logout+jwt"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
# How strong a sign-in was: NIST SP 800-63B's words for one factor and for two.
ONE_FACTOR, TWO_FACTORS = "aal1", "aal2"
STRENGTHS = (ONE_FACTOR, TWO_FACTORS)


class Signer:
    """Signs as an application asked. Its key is read once, when it is first needed, so
    that one answer has one key."""

    def __init__(self, application: Application) -> None:
        self.application = application

    @cached_property
    def key(self) -> tuple[str, signing.PrivateKey]:
        return signing.active_key(self.application.algorithm)

    def sign(self, claims: dict[str, Any], *, header: str) -> str:
        kid, key = self.key
        headers = {"kid": kid, "typ": header}
        algorithm = self.application.algorithm
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def id_token(
    grant: Grant, *, signer: Signer, scopes: frozenset[str], access_token: str
) -> str:
    """An ID token (OpenID Connect Core 2)."""
    now = int(time.time())
    consent = grant.consent
    claims: dict[str, Any] = {
        "iss": settings.PUBLIC_URL,
        "sub": consent.user.public_id,
        "aud": signer.application.client_id,
        "iat": now,
        "exp": now + signing.ID_TOKEN_SECONDS,
        "auth_time": int(grant.auth_time.timestamp()),
        "at_hash": _half_hash(access_token),
        "amr": methods(grant.amr),
        "acr": strength(grant.amr),
        **person_claims(consent.user, consent.organization, scopes),
    }
    if grant.session_id is not None:
        claims["sid"] = ids.encode(Session.prefix, grant.session_id)
    # It belongs to the code alone: later ones have none (OpenID Connect Core 12.2).
    if grant.nonce and grant.consumed_at is None:
        claims["nonce"] = grant.nonce
    return signer.sign(claims, header=ID_HEADER)


def person_claims(
    user: User, organization: Organization, scopes: frozenset[str]
) -> dict[str, Any]:
    """What the scopes let an application know (OpenID Connect Core 5.4)."""
    claims: dict[str, Any] = {"org": organization.public_id}
    if "profile" in scopes:
        claims["name"] = user.get_full_name()
        claims["org_name"] = organization.name
    if "email" in scopes:
        claims["email"] = user.email
        claims["email_verified"] = user.email_verified_at is not None
    return claims


def access_token(
    token: AccessToken, effective: frozenset[str], *, signer: Signer
) -> str:
    """A JWT access token (RFC 9068 2.2) for applications that ask for them."""
    grant = token.grant
    claims: dict[str, Any] = {
        "iss": settings.PUBLIC_URL,
        "aud": audience(token),
        "sub": subject(token),
        "client_id": token.application.client_id,
        "iat": int(time.time()),
        "exp": int(token.expires.timestamp()),
        "jti": token.public_id,
        "scope": " ".join(word for word in token.scopes if word in effective),
        "org": organization_of(token).public_id,
    }
    if grant is not None:
        claims["auth_time"] = int(grant.auth_time.timestamp())
        claims["amr"], claims["acr"] = methods(grant.amr), strength(grant.amr)
    if token.dpop_jkt:
        claims["cnf"] = {"jkt": token.dpop_jkt}
    return signer.sign(claims, header=ACCESS_HEADER)


def logout_token(application: Application, *, subject: str, session: str) -> str:
    """What tells an application that a session has ended (Back-Channel Logout 2.4)."""
    now = int(time.time())
    claims = {
        "iss": settings.PUBLIC_URL,
        "sub": subject,
        "sid": session,
        "aud": application.client_id,
        "iat": now,
        "exp": now + LOGOUT_SECONDS,
        "jti": ids.encode("lgt", ids.uuid7()),
        "events": {LOGOUT_EVENT: {}},
    }
    return Signer(application).sign(claims, header=LOGOUT_HEADER)


def subject(token: AccessToken) -> str:
    """The person's id; for an application's own token its client_id (RFC 9068 2.2)."""
    if token.grant is None:
        return str(token.application.client_id)
    return token.grant.consent.user.public_id


def audience(token: AccessToken) -> str | list[str]:
    """The resources that the token is for (RFC 8707), else this service."""
    named = list(token.resource) or [settings.PUBLIC_URL]
    return named if len(named) > 1 else str(named[0])


def organization_of(token: AccessToken) -> Organization:
    """Whose data it opens."""
    if token.grant is None:
        return token.organization
    return token.grant.consent.organization


def methods(factors: list[str]) -> list[str]:
    """RFC 8176's words; `mfa` where there was more than one."""
    return [*factors, "mfa"] if len(factors) > 1 else list(factors)


def strength(factors: list[str]) -> str:
    return TWO_FACTORS if len(factors) > 1 else ONE_FACTOR


def verified_hint(hint: str) -> dict[str, Any] | None:
    """The claims of an ID token that we signed once; it may have expired since."""
    try:
        header = jwt.get_unverified_header(hint)
        if (
            header.get("typ") != ID_HEADER
            or header.get("alg") not in ID_TOKEN_ALGORITHMS
        ):
            return None
        key = signing.public_key(str(header.get("kid")))
        if key is None:
            return None
        return jwt.decode(
            hint,
            key,
            algorithms=[header["alg"]],
            issuer=settings.PUBLIC_URL,
            options={
                "verify_exp": False,
                "verify_aud": False,
                "verify_iat": False,
                "require": ["sub", "aud"],
            },
        )
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return None


def _half_hash(access_token: str) -> str:
    """OpenID Connect Core 3.1.3.6: the left half of the SHA-256."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
