"""What begins an authorization without a browser: pushed requests and devices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)

from oauth import clients, devices, interaction, proofs, pushed, scopes
from oauth.failures import InvalidProof, Refused
from oauth.models import Application
from oauth.models.applications import DEVICE
from oauth.protocol import post_endpoint
from oauth.server import Parameters, server


@post_endpoint
def push(request: HttpRequest, parameters: Parameters) -> HttpResponse:
    """Keep an authorization request (RFC 9126 2). It is checked as if it came by the
    browser, so that mistakes show here."""
    client = _client(parameters)
    # Whom the parameters name is who proved itself.
    named = {**parameters.values, "client_id": client.client_id}
    parameters = replace(parameters, values=named)
    pushed.refuse_foreign(parameters)
    pushed.refuse_nested(parameters)
    try:
        server().check_authorization(parameters)
    except Refused as refused:
        raise refused.error from refused
    except OAuth2Error as error:
        raise InvalidRequestError(error.description) from error
    mistake = interaction.mistake(parameters)
    if mistake is not None:
        raise mistake
    uri = pushed.push(client, parameters, jkt=_jkt(parameters, client))
    seconds = int(pushed.LIFETIME.total_seconds())
    answer = {"request_uri": uri, "expires_in": seconds}
    return JsonResponse(answer, status=201, headers={"Cache-Control": "no-store"})


@post_endpoint
def begin_device(request: HttpRequest, parameters: Parameters) -> dict[str, Any]:
    """Two codes for a device without a browser (RFC 8628 3.1 and 3.2)."""
    client = _client(parameters)
    if DEVICE not in client.grant_types:
        raise UnauthorizedClientError("This application is not for devices.")
    asked = list(dict.fromkeys(parameters.values.get("scope", "").split()))
    why = scopes.fault(client, asked)
    if why:
        raise InvalidScopeError(why)
    begun = devices.begin(
        client,
        asked,
        resource=parameters.resource,
        address=getattr(request, "client_address", ""),
    )
    page = f"{settings.PUBLIC_URL}/oauth/device"
    return {
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={begun.user_code}",
        "expires_in": begun.expires_in,
        "interval": begun.interval,
    }


def _client(parameters: Parameters) -> Application:
    shown = clients.presented(parameters.headers["Authorization"], parameters.values)
    client = clients.authenticate(shown, address=parameters.actor.address)
    clients.require_usable(client)
    return client


def _jkt(parameters: Parameters, client: Application) -> str:
    """RFC 9449 10: the code will be bound to the key of the proof, if there is one."""
    proof, named = parameters.headers["DPoP"], parameters.values.get("dpop_jkt", "")
    if not proof:
        return ""
    found = proofs.thumbprint(proof, parameters.path, client)
    if named not in ("", found):
        raise InvalidProof("dpop_jkt is not the key of the proof.")
    return found
