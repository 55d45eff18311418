"""What an authorization request still needs from a person: sign-in, consent, nothing.

Knows no page and no address of ours; the views show what this decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidRequestError,
    OAuth2Error,
)
from oauthlib.openid.connect.core.exceptions import (
    ConsentRequired,
    InvalidRequestURI,
    LoginRequired,
)

from accounts.models import Membership, Session
from oauth import authorizations, clients, consents, jwts, protocol, pushed
from oauth.authorizations import Asked
from oauth.failures import InvalidTarget, Refused
from oauth.models import Application, Consent
from oauth.models.applications import NATIVE
from oauth.scopes import grantable
from oauth.server import Parameters, server

NONE, LOGIN, CONSENT, SELECT_ACCOUNT = "none", "login", "consent", "select_account"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An authorization request that is right in itself."""

    application: Application
    asked: Asked
    kept: pushed.Unpacked

    @property
    def is_test(self) -> bool:
        """Whether it ends at a page of ours."""
        return bool(self.kept.leads_to)

    @property
    def state(self) -> str:
        return self.asked.parameters.get("state", "")

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(self.asked.parameters.get("prompt", "").split())

    def granted(self, scopes: list[str]) -> Asked:
        """The same request, for what the person gives."""
        return replace(self.asked, scopes=scopes)

    def refused(self, error: OAuth2Error) -> Refused:
        return Refused(self.asked.redirect_uri, state=self.state, error=error)


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next for a person who is signed in: with `consent` a code, else a
    question. `scopes` are those that the person can give, `withheld` the others;
    `already` those of a consent that stands."""

    membership: Membership
    scopes: list[str]
    withheld: list[str]
    consent: Consent | None
    already: frozenset[str] = frozenset()


class SignInNeeded(Exception):
    """Nobody is signed in, or not recently enough, or somebody else."""


def read(parameters: Parameters) -> Wanted:
    """Check a request. Raises FatalClientError, InvalidRequestURI or Refused."""
    unpacked, problem = _unpacked(parameters)
    try:
        found = server().check_authorization(unpacked.parameters)
    except Refused as refused:
        refused.redirect_uri = unpacked.leads_to or refused.redirect_uri
        raise
    asked = Asked(
        redirect_uri=unpacked.leads_to or found.redirect_uri,
        scopes=found.scopes,
        resource=unpacked.parameters.resource,
        parameters=unpacked.parameters.values,
    )
    wanted = Wanted(found.client, asked, unpacked)
    error = problem or _fault(wanted)
    if error is not None:
        raise wanted.refused(error)
    return wanted


def next_step(
    wanted: Wanted, session: Session | None, *, asked_at: datetime | None
) -> Step:
    """Raises SignInNeeded, Refused, or InvalidRequestURI for somebody else's test.
    `asked_at`: when this request sent the person to sign in, if it did."""
    _refuse_test_of_others(wanted, session)
    try:
        return _next_step(wanted, session, asked_at)
    except OAuth2Error as error:
        raise wanted.refused(error) from error
    except SignInNeeded:
        if NONE in wanted.prompts:
            raise wanted.refused(LoginRequired()) from None
        raise


def _refuse_test_of_others(wanted: Wanted, session: Session | None) -> None:
    """Else a link could make somebody allow what they think is a test of theirs."""
    tester = wanted.kept.session
    if tester and (session is None or session.public_id != tester):
        raise InvalidRequestURI("This test sign-in belongs to another browser.")


def mistake(parameters: Parameters) -> OAuth2Error | None:
    """What is wrong in how a request asks, of what oauthlib does not look at."""
    values = parameters.values
    if values.get("response_mode", "query") != "query":
        return InvalidRequestError("response_mode must be query.")
    prompts = values.get("prompt", "").split()
    if NONE in prompts and set(prompts) != {NONE}:
        return InvalidRequestError("prompt=none goes with no other prompt.")
    max_age = values.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdecimal()):
        return InvalidRequestError("max_age must be a whole number of seconds.")
    try:
        protocol.check_resource(parameters.resource)
    except InvalidTarget as error:
        return error
    return None


def _next_step(
    wanted: Wanted, session: Session | None, asked_at: datetime | None
) -> Step:
    if session is None or not _is_recent(wanted, session, asked_at):
        raise SignInNeeded
    _check_hint(wanted, session)
    membership = authorizations.membership_for(session, wanted.application)
    if membership is None:
        raise AccessDeniedError(
            "The application is not open to the organization of this person."
        )
    scopes = grantable(wanted.application, wanted.asked.scopes, membership)
    if not scopes:
        raise AccessDeniedError("The role of this person holds none of the scopes.")
    withheld = [scope for scope in wanted.asked.scopes if scope not in scopes]
    consent = consents.standing(membership, wanted.application)
    already = frozenset(consent.scopes if consent else ())
    if _asks_again(wanted) or not consents.covers(consent, scopes):
        if NONE in wanted.prompts:
            raise ConsentRequired()
        consent = None
    return Step(membership, scopes, withheld, consent, already)


def _unpacked(
    parameters: Parameters,
) -> tuple[pushed.Unpacked, OAuth2Error | None]:
    """With a request_uri that is not ours, what to tell a client that is right."""
    try:
        unpacked = pushed.unpack(parameters)
        pushed.refuse_foreign(parameters)
    except InvalidRequestURI as error:
        # Nothing but the request_uri was sent: there is no address to answer to.
        if "redirect_uri" not in parameters.values:
            raise
        return pushed.Unpacked(parameters), error
    except OAuth2Error as error:
        return pushed.Unpacked(parameters), error
    return unpacked, None


def _fault(wanted: Wanted) -> OAuth2Error | None:
    application = wanted.application
    try:
        clients.require_usable(application)
    except OAuth2Error as error:
        return error
    if application.require_pushed_authorization_requests and wanted.kept.row is None:
        return InvalidRequestError("This application must push its requests.")
    return mistake(wanted.kept.parameters)


def _is_recent(wanted: Wanted, session: Session, asked_at: datetime | None) -> bool:
    """Whether the sign-in is as new as `prompt` and `max_age` want it."""
    if asked_at is not None and session.authenticated_at >= asked_at:
        return True
    if LOGIN in wanted.prompts:
        return False
    max_age = wanted.asked.parameters.get("max_age")
    if max_age is None:
        return True
    # Nine digits are 31 years: more makes no difference.
    oldest = timedelta(seconds=int(max_age[:9]))
    return timezone.now() - session.authenticated_at <= oldest


def _asks_again(wanted: Wanted) -> bool:
    """Where a remembered yes does not do: the client wants to ask, or any program of
    the device can take its address for its own (RFC 8252 8.6)."""
    if wanted.prompts & {CONSENT, SELECT_ACCOUNT}:
        return True
    is_native = wanted.application.type == NATIVE
    return is_native and not wanted.asked.redirect_uri.startswith("https:")


def _check_hint(wanted: Wanted, session: Session) -> None:
    """OpenID Connect Core 3.1.2.1: the person that `id_token_hint` names, or nobody."""
    hint = wanted.asked.parameters.get("id_token_hint")
    if hint is None:
        return
    claims: dict[str, Any] | None = jwts.verified_hint(hint)
    if claims is None or claims["aud"] != wanted.application.client_id:
        raise InvalidRequestError("id_token_hint is not an ID token of this client.")
    if claims["sub"] != session.membership.user.public_id:
        raise SignInNeeded
