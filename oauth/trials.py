"""The test sign-in of an application: its own flow, run by somebody who manages it.

Everything is real: the request with the application's own address, the page that asks,
the code and its exchange. Only where the person is sent in the end is a page of ours,
and the tokens end before anybody sees them.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from accounts import replays, sealing
from accounts.audit import Actor
from accounts.problems import Problem
from accounts.visitors import Visitor
from oauth import authorizations, clients, consents, jwts, protocol, pushed, tokens
from oauth.models import Application, Consent, Grant
from oauth.models.applications import CODE
from oauth.server import Parameters, Server
from oauth.validator import Validator

AUTHORIZE, TOKEN = "/oauth/authorize", "/oauth/token"
SALT = "oauth.trials"
# As long as the request may wait for its answer, and the code after it.
LIFETIME = pushed.LIFETIME + authorizations.CODE_LIFETIME
# Why the tokens of a test end, in the audit log.
REASON = "test_sign_in"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the application would have been told: an error, or a person and a token."""

    error: str = ""
    description: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    token_type: str = ""
    expires_in: int = 0
    is_refreshable: bool = False
    keeps_consent: bool = False


class TrialValidator(Validator):
    """Takes whoever manages the application for the application: its secret is kept
    nowhere. All else is asked as ever."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self.application = application

    def authenticate_client(self, request: Request, *_: Any) -> bool:
        self._named(request)
        request.client, request.client_id = self.application, self.application.client_id
        request.key_thumbprint = ""
        clients.require_usable(self.application)
        return True


def obstacle(application: Application) -> str:
    """Why there is nothing to test; empty where there is."""
    if CODE not in application.grant_types:
        return _("A machine signs nobody in: it proves itself by its secret or key.")
    if not application.redirects:
        return _("It has no redirect URI, so nobody comes back from a sign-in.")
    if not application.is_usable:
        return _("It is disabled, or the plan has no applications.")
    return ""


def begin(application: Application, visitor: Visitor, *, leads_to: str) -> str:
    """Where the browser goes now. Raises Problem where there is nothing to test."""
    why = obstacle(application)
    if why:
        raise Problem("conflict", why)
    state = _state(application, visitor)
    asked = {
        "client_id": application.client_id,
        "redirect_uri": application.redirects[0],
        "response_type": "code",
        "scope": " ".join(application.scopes),
        "state": state,
        "nonce": _derived(state, "nonce")[:32],
        # A remembered yes would hide the page that people see.
        "prompt": "consent",
        "code_challenge": _challenge(_derived(state, "verifier")),
        "code_challenge_method": "S256",
    }
    session = visitor.session.public_id
    uri = pushed.push_test(application, asked, leads_to=leads_to, session=session)
    query = {"client_id": application.client_id, "request_uri": uri}
    return f"{AUTHORIZE}?{urlencode(query)}"


def finish(
    application: Application, visitor: Visitor, answer: Mapping[str, str]
) -> Outcome:
    """What came back, as the application would read it. Raises Problem for an answer
    to no test of this browser, and for one that was read before."""
    state = answer.get("state", "")
    begun = _begun(state, application, visitor)
    if answer.get("iss") != settings.PUBLIC_URL:
        raise Problem("invalid_request", "The answer came from somebody else.")
    if "error" in answer:
        description = answer.get("error_description", "")
        return Outcome(error=answer["error"], description=description)
    if not replays.first_use(f"test-sign-in:{state}", until=timezone.now() + LIFETIME):
        raise Problem("conflict", "This test is over. Start another one.")
    code = answer.get("code", "")
    with transaction.atomic():
        try:
            given = _exchange(application, code, state=state, by=visitor.actor)
        except OAuth2Error as error:
            return Outcome(error=error.error, description=error.description or "")
        grant = Grant.objects.find(sealing.digests(code))
        assert grant is not None  # noqa: S101 - its code was just taken
        keeps = _end(grant, had=begun["consent"], by=visitor.actor)
    return _learned(given, grant, keeps_consent=keeps)


def _state(application: Application, visitor: Visitor) -> str:
    """Names who tests what, and which consent stood before. Anybody may read it."""
    membership = visitor.session.membership
    standing = consents.standing(membership, application)
    begun = {
        "application": application.public_id,
        "session": visitor.session.public_id,
        "consent": standing.public_id if standing else "",
        "once": secrets.token_urlsafe(16),
    }
    return signing.dumps(begun, salt=SALT)


def _begun(state: str, application: Application, visitor: Visitor) -> dict[str, str]:
    try:
        begun: dict[str, str] = signing.loads(state, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        begun = {}
    whose = begun.get("application"), begun.get("session")
    if whose != (application.public_id, visitor.session.public_id):
        why = _("This browser began no such test. Start one, and finish it here.")
        raise Problem("invalid_request", why)
    return begun


def _derived(state: str, purpose: str) -> str:
    """64 hexadecimal digits that only we can make of a state."""
    return salted_hmac(f"{SALT}.{purpose}", state, algorithm="sha256").hexdigest()


def _challenge(verifier: str) -> str:
    """RFC 7636 4.2, S256."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _exchange(
    application: Application, code: str, *, state: str, by: Actor
) -> dict[str, Any]:
    """The answer of the token endpoint. Raises OAuth2Error."""
    values = {
        "grant_type": CODE,
        "client_id": application.client_id,
        "code": code,
        "redirect_uri": application.redirects[0],
        "code_verifier": _derived(state, "verifier"),
    }
    headers = {"Authorization": "", "DPoP": "", "Content-Type": protocol.FORM}
    asked = Parameters(
        path=TOKEN, values=values, resource=(), headers=headers, actor=by
    )
    return Server(TrialValidator(application)).tokens(asked)


def _learned(given: Mapping[str, Any], grant: Grant, *, keeps_consent: bool) -> Outcome:
    """What the answer says, without its tokens."""
    claims = jwts.verified_hint(given.get("id_token", "")) or {}
    scopes = tuple(str(given["scope"]).split())
    consent = grant.consent
    about = jwts.person_claims(consent.user, consent.organization, frozenset(scopes))
    userinfo = {"sub": consent.user.public_id, **about} if claims else {}
    return Outcome(
        claims=claims,
        userinfo=userinfo,
        scopes=scopes,
        token_type=given["token_type"],
        expires_in=given["expires_in"],
        is_refreshable="refresh_token" in given,
        keeps_consent=keeps_consent,
    )


def _end(grant: Grant, *, had: str, by: Actor) -> bool:
    """End the tokens, and the consent with them if the test began it. Whether it stays:
    it stood before, or the person signed in for real meanwhile."""
    tokens.revoke_grant(grant, reason=REASON, by=by)
    # The application never heard of this sign-in, so it hears of no sign-out.
    Grant.objects.filter(pk=grant.pk).update(logout_announced_at=timezone.now())
    consent: Consent = grant.consent
    others = Grant.objects.filter(consent=consent).exclude(pk=grant.pk)
    if consent.public_id == had or others.exists():
        return True
    consents.withdraw(consent, reason=REASON, by=by)
    return False
