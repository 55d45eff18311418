"""The tokens of a session: what they look like, how they are made and read."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
)
from rest_framework_simplejwt.tokens import Token

from accounts import ids, jws, opaque, sealing, signing
from accounts.models import Session
from accounts.problems import Problem
from accounts.products import products

ACCESS_HEADER = "at+jwt"  # RFC 9068 2.1
REFRESH_HEADER = "rt+jwt"
LONGEST_TOKEN = 8192
SESSION_HEX = 32
RANDOM_HEX = 32
MAC_HEX = 32
OPAQUE_LENGTH = SESSION_HEX + RANDOM_HEX + MAC_HEX + opaque.CHECKSUM_LENGTH
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "sid", "jti"]


class SigningBackend(TokenBackend):
    """simplejwt's backend over our key table. One `typ` header each: no token of one
    kind passes for another (RFC 8725 3.11)."""

    def __init__(self, header: str) -> None:
        super().__init__(signing.RS256)
        self.header = header

    def encode(self, payload: dict[str, Any]) -> str:
        kid, key = signing.active_key()
        headers = {"kid": kid, "typ": self.header}
        return jwt.encode(payload, key, algorithm=self.algorithm, headers=headers)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """The claims of a token signed here. Raises TokenBackendError."""
        header = header_of(token)
        key = signing.public_key(header["kid"]) if header else None
        if header is None or key is None or header.get("typ") != self.header:
            raise TokenBackendError("The token was not signed here.")
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[self.algorithm],
                audience=list(products()),
                issuer=settings.PUBLIC_URL,
                # Another machine's clock may be ahead: `iat` tells, it does not decide.
                options={"require": REQUIRED, "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenBackendExpiredToken("The token has expired.") from error
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise TokenBackendError("The token is invalid.") from error


class AccessToken(Token):
    """What a request shows (RFC 9068). Its lifetime is the product's."""

    token_type = "access"  # noqa: S105
    lifetime = timedelta(minutes=1)
    _token_backend = SigningBackend(ACCESS_HEADER)


class RefreshToken(Token):
    """What fetches the next pair, for products whose refresh token is a JWT."""

    token_type = "refresh"  # noqa: S105
    lifetime = timedelta(minutes=1)
    _token_backend = SigningBackend(REFRESH_HEADER)


def header_of(text: str) -> dict[str, Any] | None:
    """The unverified header of a signed JWT, none for anything else.

    Only what decides whom to ask; whoever verifies the token reads it strictly.
    """
    header = jws.part(text, jws.HEADER, longest=LONGEST_TOKEN)
    is_ours = header is not None and isinstance(header.get("kid"), str)
    return header if is_ours else None


def claims_of(text: str) -> dict[str, Any] | None:
    """The unverified claims of a signed JWT, none for anything else. Never raises.

    They tell a session's token, which has `sid`, from an application's; no more.
    """
    return jws.part(text, jws.PAYLOAD, longest=LONGEST_TOKEN)


def access_token(session: Session, scopes: frozenset[str]) -> str:
    """A JWT that names the session; the session's row has the last word."""
    rules = session.membership.organization.product.sessions
    token = AccessToken()
    token.set_exp(lifetime=timedelta(seconds=rules.access_seconds))
    _name(token, session)
    token["scope"] = " ".join(sorted(scopes))
    token["auth_time"] = int(session.authenticated_at.timestamp())
    token["amr"] = session.factors
    return str(token)


def refresh_token(session: Session) -> str:
    """A new refresh token in the look of the session's product."""
    product = session.membership.organization.product
    if product.sessions.refresh_prefix is None:
        token = RefreshToken()
        token.set_exp(lifetime=product.sessions.refresh_idle)
        _name(token, session)
        return str(token)
    text = product.sessions.refresh_prefix + session.id.hex + secrets.token_hex(16)
    text += _mac(sealing.digest(f"refresh:{text}"))
    return text + opaque.checksum(text)


def session_of_refresh(text: str) -> UUID | None:
    """The session that a refresh token was issued for, newest or not. None: not ours.

    Every genuine token names its session provably, the JWT by its signature, the opaque
    one by its MAC, so a spent one is known as ours although no list of them is kept.
    Raises Problem for a JWT of ours that has expired: an honest mistake, no guess.
    """
    for product in products().values():
        prefix = product.sessions.refresh_prefix
        if prefix is not None and text.startswith(prefix):
            return _session_of_opaque(text, prefix)
    try:
        return ids.decode(Session.prefix, RefreshToken(text)["sid"])  # type: ignore[arg-type]
    except ExpiredTokenError as error:
        raise Problem("session_ended") from error
    except (TokenError, ValueError, AttributeError):
        return None


def _session_of_opaque(text: str, prefix: str) -> UUID | None:
    if not opaque.well_formed(text, prefix=prefix, length=OPAQUE_LENGTH):
        return None
    named = text[: len(prefix) + SESSION_HEX + RANDOM_HEX]
    mac = text[len(named) : len(named) + MAC_HEX]
    expected = (_mac(each) for each in sealing.digests(f"refresh:{named}"))
    if not any(hmac.compare_digest(mac, candidate) for candidate in expected):
        return None
    return UUID(hex=named[len(prefix) : len(prefix) + SESSION_HEX])


def _mac(digest: bytes) -> str:
    return digest.hex()[:MAC_HEX]


def _name(token: Token, session: Session) -> None:
    organization = session.membership.organization
    token["iss"] = settings.PUBLIC_URL
    token["aud"] = organization.product_slug
    token["sub"] = session.membership.user.public_id
    token["sid"] = session.public_id
    token["org"] = organization.public_id
    token["product"] = organization.product_slug
