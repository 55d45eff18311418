"""Authorization requests that come by the back way (RFC 9126)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from oauthlib.openid.connect.core.exceptions import (
    InvalidRequestURI,
    RequestNotSupported,
)

from accounts import sealing
from oauth import looks
from oauth.models import Application, PushedRequest
from oauth.server import Parameters

# Long enough to sign in and to read what is asked.
LIFETIME = timedelta(minutes=10)
# What an authorization request is made of; nothing else is kept, and how the client
# proved itself least of all.
KEPT = frozenset(
    {
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "acr_values",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
    }
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The parameters that count, and where they were kept until now, if anywhere."""

    parameters: Parameters
    row: PushedRequest | None = None

    @property
    def leads_to(self) -> str:
        """Where a test sign-in ends, in place of the application's own address."""
        return self._kept("leads_to")

    @property
    def session(self) -> str:
        """The sign-in that a test is for. Empty: the request is anybody's."""
        return self._kept("session")

    def _kept(self, name: str) -> str:
        return str(self.row.parameters.get(name, "")) if self.row else ""


def push(application: Application, parameters: Parameters, *, jkt: str) -> str:
    """Keep a request that was checked. The answer is its `request_uri`."""
    kept = {name: value for name, value in parameters.values.items() if name in KEPT}
    if jkt:
        kept["dpop_jkt"] = jkt
    return _keep(application, values=kept, resource=list(parameters.resource))


def push_test(
    application: Application, values: Mapping[str, str], *, leads_to: str, session: str
) -> str:
    """Keep a request of ours that stands for the application's own. Only this sign-in
    can answer it, and the answer goes to `leads_to`, a path of this site: no client can
    ask for either."""
    kept = {"values": dict(values), "resource": []}
    return _keep(application, **kept, leads_to=leads_to, session=session)


def unpack(parameters: Parameters) -> Unpacked:
    """What a request at the authorization endpoint says, wherever it is kept.

    Raises OAuth2Error for a `request_uri` that is not one of ours, unknown, used, out
    of date or another client's.
    """
    uri = parameters.values.get("request_uri", "")
    if not uri:
        return Unpacked(parameters)
    row = _find(uri)
    client_id = parameters.values.get("client_id")
    if row is None or row.application.client_id != client_id:
        raise InvalidRequestURI("request_uri is unknown, used or out of date.")
    kept = row.parameters
    unpacked = replace(parameters, values=kept["values"], resource=kept["resource"])
    return Unpacked(unpacked, row)


def refuse_foreign(parameters: Parameters) -> None:
    """Raises OAuth2Error where a request hides in an object of its own (RFC 9101)."""
    if "request" in parameters.values:
        raise RequestNotSupported("request is not supported. Push it (RFC 9126).")


def refuse_nested(parameters: Parameters) -> None:
    """RFC 9126 2.1: what is pushed names no other place."""
    if "request_uri" in parameters.values:
        raise InvalidRequestError("request_uri cannot be pushed.")


def use_up(row: PushedRequest | None) -> bool:
    """Once answered, a request is over. False: somebody else was faster."""
    if row is None:
        return True
    deleted, _ = PushedRequest.objects.filter(pk=row.pk).delete()
    return bool(deleted)


def _keep(application: Application, **parameters: Any) -> str:
    uri = looks.make(looks.REQUEST_PREFIX)
    PushedRequest.objects.create(
        application=application,
        digest=sealing.digest(uri),
        parameters=parameters,
        expires=timezone.now() + LIFETIME,
    )
    return uri


def _find(uri: str) -> PushedRequest | None:
    if not looks.well_formed(uri, looks.REQUEST_PREFIX):
        return None
    return (
        PushedRequest.objects.select_related("application")
        .filter(digest__in=sealing.digests(uri), expires__gt=timezone.now())
        .first()
    )
