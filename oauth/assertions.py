"""Client assertions: an application proves itself by a key (RFC 7523 2.2 and 3)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

from accounts import jwk, replays
from accounts.tokens import claims_of
from oauth.models import Application

ALGORITHMS = jwk.ALGORITHMS
LONGEST_LIFETIME = timedelta(hours=1)
LEEWAY = 30
LONGEST_JTI = 256
REQUIRED = ["iss", "sub", "aud", "exp", "jti"]
MOUNTS = ("/oauth/", "/api/v1/auth/oauth2/")


def issuer_of(assertion: str) -> str:
    """Whom an unverified assertion names: only what decides whose keys to ask."""
    claims = claims_of(assertion) or {}
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) and "\0" not in issuer else ""


def proves(assertion: str, application: Application) -> bool:
    """Whether it is signed by a key of the application, for us, and was never used."""
    claims = _verified(assertion, application)
    if claims is None or not _is_for_us(claims["aud"]):
        return False
    if claims["sub"] != application.client_id:
        return False
    identifier, expires = claims["jti"], claims["exp"]
    if not isinstance(identifier, str) or not 0 < len(identifier) <= LONGEST_JTI:
        return False
    if not isinstance(expires, int | float):
        return False
    # A number may be too large to count with; to compare it is always possible.
    if expires > time.time() + LONGEST_LIFETIME.total_seconds():
        return False
    until = datetime.fromtimestamp(expires + LEEWAY, UTC)
    scoped = f"client_assertion:{application.client_id}:{identifier}"
    return replays.first_use(scoped, until=until)


def _verified(assertion: str, application: Application) -> dict[str, Any] | None:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        return None
    for key in _candidates(header, application):
        try:
            return jwt.decode(
                assertion,
                jwk.public_key_of(key),
                algorithms=[header["alg"]],
                issuer=application.client_id,
                leeway=LEEWAY,
                options={"require": REQUIRED, "verify_aud": False},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
            continue
    return None


def _candidates(
    header: dict[str, Any], application: Application
) -> list[dict[str, Any]]:
    """The application's keys that could have signed: by `kid` where one is named."""
    if header.get("alg") not in ALGORITHMS:
        return []
    keys: list[dict[str, Any]] = (application.client_jwks or {}).get("keys", [])
    wanted = header.get("kid")
    return [key for key in keys if wanted is None or key.get("kid") == wanted]


def _is_for_us(audience: Any) -> bool:
    """The issuer, or one of our endpoints (RFC 7523 3, RFC 9126 2)."""
    named = audience if isinstance(audience, list) else [audience]
    starts = tuple(settings.PUBLIC_URL + mount for mount in MOUNTS)
    return any(
        isinstance(each, str)
        and (each.rstrip("/") == settings.PUBLIC_URL or each.startswith(starts))
        for each in named
    )
