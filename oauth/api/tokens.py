"""Tokens: given, looked at, ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
)

from accounts import sealing
from oauth import authentication, clients, jwts, liveness, looks, tokens
from oauth.models import AccessToken, Application, Grant, RefreshToken
from oauth.protocol import post_endpoint
from oauth.scopes import rights_of, rights_under
from oauth.server import Parameters, server

INACTIVE = {"active": False}


@post_endpoint
def token(request: HttpRequest, parameters: Parameters) -> dict[str, Any]:
    """The token endpoint (RFC 6749 3.2)."""
    return server().tokens(parameters)


@post_endpoint
def introspect(request: HttpRequest, parameters: Parameters) -> dict[str, Any]:
    """What a token is worth (RFC 7662), for confidential clients of the organization
    that the token belongs to. Everybody else's are inactive."""
    client = _client(parameters)
    if client.is_public:
        raise InvalidClientError("A public client cannot introspect.")
    clients.require_usable(client)
    shown = _shown(parameters)
    found = authentication.find(shown)
    if found is not None:
        return _access(found, client)
    refresh = _refresh_token(shown)
    return _refresh(refresh, client) if refresh is not None else INACTIVE


# A product's service asks about each of its requests; failed clients are braked.
introspect.is_uncharged = True  # type: ignore[attr-defined]


@post_endpoint
def revoke(request: HttpRequest, parameters: Parameters) -> HttpResponse:
    """End a token of one's own (RFC 7009): an access token alone, a refresh token with
    everything that came from the same authorization."""
    client = _client(parameters)
    by = replace(parameters.actor, id=client.public_id)
    shown = _shown(parameters)
    found = authentication.find(shown)
    if found is not None and found.application_id == client.pk:
        tokens.revoke_access_token(found, by=by)
    refresh = _refresh_token(shown) if found is None else None
    if refresh is not None and _application_of(refresh).pk == client.pk:
        tokens.revoke_grant(refresh.grant, reason="revoked", by=by)
    # Whoever asks about a token that is not theirs learns nothing (RFC 7009 2.2).
    return HttpResponse(headers={"Cache-Control": "no-store"})


def _client(parameters: Parameters) -> Application:
    shown = clients.presented(parameters.headers["Authorization"], parameters.values)
    return clients.authenticate(shown, address=parameters.actor.address)


def _shown(parameters: Parameters) -> str:
    shown = parameters.values.get("token", "")
    if not shown:
        raise InvalidRequestError("token is missing.")
    return shown


def _refresh_token(text: str) -> RefreshToken | None:
    if not looks.is_refresh_token(text):
        return None
    found: RefreshToken | None = RefreshToken.objects.find(sealing.digests(text))
    return found


def _application_of(refresh: RefreshToken) -> Application:
    application: Application = refresh.grant.consent.application
    return application


def _access(token: AccessToken, client: Application) -> dict[str, Any]:
    organization = jwts.organization_of(token)
    if organization.pk != client.organization_id:
        return INACTIVE
    if liveness.why_token_dead(token, timezone.now()) is not None:
        return INACTIVE
    effective = rights_of(token).effective
    answer = _common(token.application, token.grant, effective, token.scopes)
    answer |= {
        "token_type": tokens.DPOP if token.dpop_jkt else tokens.BEARER,
        "sub": jwts.subject(token),
        "aud": jwts.audience(token),
        "exp": int(token.expires.timestamp()),
        "iat": int(token.created.timestamp()),
        "jti": token.public_id,
        "org": organization.public_id,
    }
    if token.dpop_jkt:
        answer["cnf"] = {"jkt": token.dpop_jkt}
    return answer


def _refresh(refresh: RefreshToken, client: Application) -> dict[str, Any]:
    application, grant = _application_of(refresh), refresh.grant
    consent = grant.consent
    dead = liveness.why_grant_dead(application, grant) is not None
    ours = consent.organization.pk == client.organization_id
    if dead or not ours or not refresh.is_fresh(timezone.now()):
        return INACTIVE
    effective = rights_under(consent, grant.scopes, application=application).effective
    answer = _common(application, grant, effective, grant.scopes)
    answer |= {
        "token_type": "refresh_token",
        "sub": consent.user.public_id,
        "aud": application.client_id,
        "exp": int(refresh.expires.timestamp()),
        "iat": int(refresh.created.timestamp()),
        "jti": refresh.public_id,
        "org": consent.organization.public_id,
    }
    return answer


def _common(
    application: Application,
    grant: Grant | None,
    effective: frozenset[str],
    granted: list[str],
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "active": True,
        "iss": settings.PUBLIC_URL,
        "client_id": application.client_id,
        "scope": " ".join(word for word in granted if word in effective),
    }
    if grant is not None:
        answer["auth_time"] = int(grant.auth_time.timestamp())
        if "email" in effective:
            answer["username"] = grant.consent.user.email
    return answer
