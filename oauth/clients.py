"""How an application proves itself at our endpoints (RFC 6749 2.3, RFC 7523 2.2)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    UnauthorizedClientError,
)

from accounts import sealing
from accounts.last_used import recorder
from oauth import assertions, looks
from oauth.models import Application
from oauth.models.applications import PRIVATE_KEY

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Presented:
    """Who an application says it is, and the one thing that it proves it with."""

    client_id: str
    secret: str = ""
    assertion: str = ""


def presented(authorization: str, parameters: Mapping[str, str]) -> Presented:
    """What the Authorization header or the body names. Raises OAuth2Error.

    More than one method in one request is refused (RFC 6749 2.3).
    """
    scheme, _, encoded = authorization.partition(" ")
    assertion = parameters.get("client_assertion", "")
    in_body = parameters.get("client_secret", "")
    is_basic = scheme.lower() == "basic"
    if is_basic + bool(assertion) + bool(in_body) > 1:
        raise InvalidRequestError("Send one kind of client authentication, not two.")
    named = parameters.get("client_id", "")
    if is_basic:
        found = _basic(encoded.strip(" "))
    elif assertion:
        if parameters.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidRequestError(f"client_assertion_type must be {ASSERTION_TYPE}")
        issuer = named or assertions.issuer_of(assertion)
        found = Presented(issuer, assertion=assertion)
    else:
        found = Presented(named, secret=in_body)
    if not found.client_id:
        raise InvalidClientError("Name the client: client_id is missing.")
    if named and named != found.client_id:
        raise InvalidClientError("client_id and the Authorization header differ.")
    return found


def prove(
    shown: Presented, application: Application | None, *, address: str
) -> Application:
    """The application, proven from this address, which is noted as its last use.

    Raises InvalidClientError, one for all reasons.
    """
    if application is not None and _proves(shown, application):
        recorder.note((Application, application.pk), address)
        return application
    raise InvalidClientError("The client is unknown, or its authentication failed.")


def require_usable(application: Application) -> None:
    """Raises UnauthorizedClientError where its organization is suspended, or its plan
    has no applications."""
    if not application.is_usable:
        raise UnauthorizedClientError(
            "The plan of the application's organization has no OAuth applications, or "
            "the organization is suspended."
        )


def authenticate(shown: Presented, *, address: str) -> Application:
    """The application that is named, proven: one query. Raises InvalidClientError."""
    return prove(shown, Application.objects.find(shown.client_id), address=address)


def _proves(shown: Presented, application: Application) -> bool:
    if shown.client_id != application.client_id or application.status != "active":
        return False
    if application.is_public:
        return not shown.secret and not shown.assertion
    if application.token_endpoint_auth_method == PRIVATE_KEY:
        return bool(shown.assertion) and assertions.proves(shown.assertion, application)
    prefix = application.product.oauth.secret_prefix
    return looks.well_formed(shown.secret, prefix) and application.has_secret(
        sealing.digests(shown.secret), now=timezone.now()
    )


def _basic(encoded: str) -> Presented:
    """RFC 6749 2.3.1: both parts are form-encoded before they are joined."""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except ValueError as error:
        raise InvalidClientError("The Basic credentials cannot be read.") from error
    client_id, colon, secret = decoded.partition(":")
    found = Presented(unquote_plus(client_id), secret=unquote_plus(secret))
    # A NUL may come encoded, too.
    if not colon or "\0" in found.client_id + found.secret:
        raise InvalidClientError("The Basic credentials cannot be read.")
    return found
