"""The authorization endpoint and its page for consent."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST
from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidRequestError,
    OAuth2Error,
)

from accounts import browser, onward
from accounts.audit import actor_of
from accounts.models import Session
from accounts.problems import Problem
from oauth import authorizations, consents, interaction, protocol, pushed, scopes
from oauth.failures import Refused
from oauth.interaction import SignInNeeded, Step, Wanted
from oauth.models import Consent

PAGE = ("GET", "HEAD", "POST")
# Says when a request sent somebody to sign in, so that it does so only once.
MARKER = "asked"
MARKER_SALT = "oauth.views.asked"
MARKER_SECONDS = 900


class Redirect(HttpResponse):
    """To any scheme: where it leads was compared with what is registered."""

    status_code = 303

    def __init__(self, address: str) -> None:
        super().__init__()
        self.headers["Location"] = address
        onward.keep_opener(self)


@csrf_exempt
@never_cache
@require_http_methods(PAGE)
def authorize(request: HttpRequest) -> HttpResponse:
    """The authorization endpoint (RFC 6749 3.1). An application may send people here
    by a form, too (OpenID Connect Core 3.1.2.1): that one has no query."""
    if request.method == "POST" and not request.META.get("QUERY_STRING"):
        return by_get(request)
    return _authorize(request)


@csrf_protect
def _authorize(request: HttpRequest) -> HttpResponse:
    """Asks, and on POST takes the yes."""
    try:
        wanted = interaction.read(protocol.query_of(request))
        step = interaction.next_step(
            wanted, browser.session_of(request), asked_at=_asked_at(request)
        )
        if request.method != "POST" and step.consent is None:
            return consent_page(request, wanted, step)
        if request.method == "POST" and not _is_as_shown(request, step):
            return consent_page(request, wanted, step)
        return _to_client(wanted, _code(request, wanted, step))
    except SignInNeeded:
        return Redirect(sign_in_address(request, wanted))
    except Refused as refused:
        return _refusal(refused)
    except OAuth2Error as error:
        return broken(request, error)


@never_cache
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """The no. It needs nothing but the right client and address."""
    try:
        wanted = interaction.read(protocol.query_of(request))
        pushed.use_up(wanted.kept.row)
        raise wanted.refused(AccessDeniedError("The person declined."))
    except Refused as refused:
        return _refusal(refused)
    except OAuth2Error as error:
        return broken(request, error)


def by_get(request: HttpRequest) -> HttpResponse:
    """The same again: with a form of another site a browser sends no cookie, and would
    be taken for somebody who is not signed in."""
    query = request.GET.copy()
    query.update(request.POST)
    return Redirect(f"{request.path}?{query.urlencode()}")


def consent_page(request: HttpRequest, wanted: Wanted, step: Step) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    words = scopes.known(wanted.application)
    context: dict[str, Any] = {
        "application": wanted.application,
        "host": redirect_host(wanted.asked.redirect_uri),
        "scopes": [(scope, words[scope]) for scope in step.scopes],
        "withheld": [(scope, words[scope]) for scope in step.withheld],
        "powerful": scopes.powerful(wanted.application),
        "membership": step.membership,
        "given": " ".join(step.scopes),
        "query": query,
        "is_test": wanted.is_test,
        "already": step.already,
    }
    if wanted.is_test:
        return render(request, "oauth/consent.html", context)
    context["sign_in"] = sign_in_address(request, wanted)
    response = render(request, "oauth/consent.html", context)
    onward.let_forms_lead_to(response, source_of(wanted.asked.redirect_uri))
    return response


def broken(request: HttpRequest, error: OAuth2Error) -> HttpResponse:
    """A client or an address that is wrong: nobody is sent anywhere (RFC 6749
    4.1.2.1)."""
    context = {"error": error.error, "detail": error.description or ""}
    return render(request, "oauth/broken.html", context, status=400)


def source_of(address: str) -> str:
    """What a content security policy calls the place: `https://host:port`, or `scheme:`
    for an application's own scheme. It has no words for IPv6 addresses."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}:"
    place = re.sub(r"\[.*\]", "*", parts.netloc)
    return f"{parts.scheme}://{place}"


def redirect_host(address: str) -> str:
    """What the page says about where the person is sent back to."""
    parts = urlsplit(address)
    # What follows an application's own scheme is anybody's choice, and no host.
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def sign_in_address(request: HttpRequest, wanted: Wanted) -> str:
    """The sign-in page, and back to this very request, marked with the time."""
    query = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True)
    query.pop(MARKER, None)
    stamp = {"at": timezone.now().timestamp(), "for": _fingerprint(query)}
    query[MARKER] = signing.dumps(stamp, salt=MARKER_SALT)
    return onward.sign_in_address(
        f"{request.path}?{query.urlencode()}",
        hint=wanted.asked.parameters.get("login_hint", ""),
        leads_to=source_of(wanted.asked.redirect_uri),
    )


def _asked_at(request: HttpRequest) -> datetime | None:
    query = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True)
    marker = (query.pop(MARKER, None) or [""])[-1]
    try:
        stamp = signing.loads(marker, salt=MARKER_SALT, max_age=MARKER_SECONDS)
    except signing.BadSignature:
        return None
    if stamp["for"] != _fingerprint(query):
        return None
    return datetime.fromtimestamp(stamp["at"], tz=timezone.get_default_timezone())


def _fingerprint(query: QueryDict) -> str:
    """The marker of one request must not serve another."""
    return salted_hmac(MARKER_SALT, query.urlencode(), algorithm="sha256").hexdigest()


def _is_as_shown(request: HttpRequest, step: Step) -> bool:
    """Whether a yes would give what the page said: its person may have signed in as
    somebody else in another tab, or may hold more by now."""
    given = " ".join(step.scopes)
    shown = request.POST.get("membership"), request.POST.get("scopes")
    return shown == (step.membership.public_id, given)


def _code(request: HttpRequest, wanted: Wanted, step: Step) -> str:
    """Raises Refused where a pushed request was answered meanwhile, or SignInNeeded."""
    if not pushed.use_up(wanted.kept.row):
        raise wanted.refused(InvalidRequestError("The request was answered already."))
    session = cast(Session, browser.session_of(request))
    consent = step.consent or _consent(request, wanted, step)
    asked = wanted.granted(step.scopes)
    return authorizations.authorize(asked, consent=consent, session=session)[1]


def _consent(request: HttpRequest, wanted: Wanted, step: Step) -> Consent:
    """Raises SignInNeeded where the person's session ended meanwhile."""
    try:
        return consents.give(
            step.membership, wanted.application, step.scopes, by=actor_of(request)
        )
    except Problem as problem:
        raise SignInNeeded from problem


def _to_client(wanted: Wanted, code: str) -> HttpResponse:
    return answer(wanted.asked.redirect_uri, code=code, state=wanted.state)


def _refusal(refused: Refused) -> HttpResponse:
    error = refused.error
    return answer(
        refused.redirect_uri,
        error=error.error,
        error_description=error.description or "",
        state=refused.state,
    )


def answer(redirect_uri: str, **members: str) -> HttpResponse:
    """Back to the client, with `iss` on every answer (RFC 9207 2)."""
    given = {name: value for name, value in members.items() if value}
    given["iss"] = settings.PUBLIC_URL
    separator = "&" if urlsplit(redirect_uri).query else "?"
    return Redirect(f"{redirect_uri}{separator}{urlencode(given)}")
