"""What oauthlib asks about an authorization request: client, address, scopes."""

from __future__ import annotations

import re
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator
from oauthlib.oauth2.rfc6749 import errors

from oauth import redirects, scopes
from oauth.models import Application
from oauth.models.applications import CLIENT_CREDENTIALS, CODE

# RFC 7636 4.2: the base64url of a SHA-256.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_NONCE = 512


class AuthorizationHooks(RequestValidator):
    """Sets `client` on the request. The scopes are asked about at both endpoints."""

    def validate_client_id(self, client_id: str, request: Request, *_: Any) -> bool:
        application = Application.objects.find(client_id)
        if application is None or application.status != "active":
            return False
        request.client = application
        return True

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *_: Any
    ) -> bool:
        application = request.client
        return redirects.allowed(
            redirect_uri, application.redirects, application_type=application.type
        )

    def get_default_redirect_uri(
        self, client_id: str, request: Request, *_: Any
    ) -> str | None:
        """The only one that is registered; with several it has to be named."""
        registered = request.client.redirects
        return registered[0] if len(registered) == 1 else None

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Request, *_: Any
    ) -> bool:
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        if CODE not in client.grant_types:
            return False
        _check_authorization(request)
        return True

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return bool(request.client.require_pkce or request.client.is_public)

    def get_default_scopes(
        self, client_id: str, request: Request, *_: Any
    ) -> list[str]:
        return []

    def validate_scopes(
        self, client_id: str, asked: list[str], client: Any, request: Request, *_: Any
    ) -> bool:
        why = _scope_fault(request, client)
        if why:
            raise errors.InvalidScopeError(why, request=request)
        return True


def _scope_fault(request: Request, application: Application) -> str:
    # An application that acts for itself is nobody to be recognised.
    is_itself = request.grant_type == CLIENT_CREDENTIALS
    if is_itself and any(scope in scopes.IDENTITY for scope in request.scopes):
        return "Scopes about a person are not for an application that acts for itself."
    # oauthlib splits an empty text into one empty word.
    return scopes.fault(application, [word for word in request.scopes if word])


def _check_authorization(request: Request) -> None:
    """What oauthlib leaves open: only S256, and bounds for what we keep."""
    if request.code_challenge is not None:
        if request.code_challenge_method != "S256":
            raise errors.UnsupportedCodeChallengeMethodError(
                "Only S256 is supported.", request=request
            )
        if not CHALLENGE.fullmatch(request.code_challenge):
            raise errors.InvalidRequestError(
                "code_challenge must be the base64url of a SHA-256.", request=request
            )
    bound = request.parameters.get("dpop_jkt")
    if bound is not None and not CHALLENGE.fullmatch(bound):
        raise errors.InvalidRequestError(
            "dpop_jkt must be the base64url of a SHA-256.", request=request
        )
    if len(request.nonce or "") > LONGEST_NONCE:
        raise errors.InvalidRequestError("nonce is too long.", request=request)
