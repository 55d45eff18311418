"""oauthlib's protocol engine over our validator: which grants exist, and how one
request goes through it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from oauthlib.oauth2.rfc6749.tokens import TokenBase
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from accounts.audit import Actor
from oauth.failures import Refused, Repeated
from oauth.models.applications import CLIENT_CREDENTIALS, CODE, DEVICE, REFRESH
from oauth.validator import Validator


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a request to one of our endpoints says, and from where.

    `values` holds each parameter once and non-empty; `resource` may come several times
    (RFC 8707 2).
    """

    path: str
    values: Mapping[str, str]
    resource: Sequence[str]
    headers: Mapping[str, str]
    actor: Actor


class Unfilled(TokenBase):
    """oauthlib wants a token before it stores one; ours is made when it is stored, so
    that nothing exists before the code or the refresh token is consumed."""

    def create_token(self, request: Request, refresh_token: bool = False) -> Any:
        return {}


class Server:
    """The grants that exist. Implicit, password and hybrid do not."""

    def __init__(self, validator: Validator) -> None:
        self.code = AuthorizationCodeGrant(validator)
        self.grants = {
            CODE: self.code,
            REFRESH: RefreshTokenGrant(validator),
            CLIENT_CREDENTIALS: ClientCredentialsGrant(validator),
            DEVICE: DeviceCodeGrant(validator),
        }
        self.filler = Unfilled()

    def check_authorization(self, parameters: Parameters) -> Request:
        """The request as oauthlib knows it: with `client`, `redirect_uri` and `scopes`.

        Raises FatalClientError where the client or its address is wrong, so that nobody
        is sent there, else Refused.
        """
        request = _request(parameters, method="GET")
        try:
            self.code.validate_authorization_request(request)
        except errors.FatalClientError:
            raise
        except errors.OAuth2Error as error:
            state = parameters.values.get("state", "")
            raise Refused(request.redirect_uri, state=state, error=error) from error
        return request

    def tokens(self, parameters: Parameters) -> dict[str, Any]:
        """The answer of the token endpoint (RFC 6749 5.1). Raises OAuth2Error."""
        request = _request(parameters, method="POST")
        if not request.grant_type:
            raise errors.InvalidRequestError("grant_type is missing.")
        grant = self.grants.get(request.grant_type)
        if grant is None:
            raise errors.UnsupportedGrantTypeError()
        try:
            _, body, status = grant.create_token_response(request, self.filler)
        except Repeated as repeated:
            return repeated.answer
        answer: dict[str, Any] = json.loads(body)
        if status != 200:
            raise errors.CustomOAuth2Error(
                answer["error"],
                description=answer.get("error_description"),
                status_code=status,
            )
        return answer


@cache
def server() -> Server:
    return Server(Validator())


def _request(parameters: Parameters, *, method: str) -> Request:
    request = Request(
        settings.PUBLIC_URL + parameters.path,
        http_method=method,
        body=dict(parameters.values),
        headers=parameters.headers,
    )
    request.parameters, request.path = parameters.values, parameters.path
    request.resource = list(parameters.resource)
    request.actor = parameters.actor
    # oauthlib would take two spaces for an empty scope between them.
    request.scopes = list(dict.fromkeys((request.scope or "").split()))
    request.scope = " ".join(request.scopes)
    request.code_row = request.refresh_row = request.device_row = None
    return request
