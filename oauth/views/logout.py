"""Sign-out that an application asks for (OpenID Connect RP-Initiated Logout)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from accounts import browser, onward
from accounts.models import Session
from oauth import jwts, protocol
from oauth.models import Application
from oauth.views.authorization import (
    Redirect,
    broken,
    by_get,
    source_of,
)

PAGE = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class SignOut:
    """A request to sign out, checked. `redirect_uri` is one of the application's."""

    redirect_uri: str
    state: str
    # The session that an ID token names, empty where none does.
    session: str
    application: Application | None


@csrf_exempt
@never_cache
@require_http_methods(PAGE)
def sign_out(request: HttpRequest) -> HttpResponse:
    """Who names the session by an ID token is believed; everybody else's request is
    asked about. Applications send this by a link or a form, so it takes both."""
    if request.method == "POST":
        return by_get(request)
    try:
        wanted = _read(request)
    except OAuth2Error as error:
        return broken(request, error)
    session = browser.session_of(request)
    if session is None:
        return _signed_out(request, wanted)
    if wanted.session == session.public_id:
        browser.forget(request, reason="signed_out_by_application")
        return _signed_out(request, wanted)
    return _ask(request, wanted, session)


@never_cache
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The person's own yes."""
    try:
        wanted = _read(request)
    except OAuth2Error as error:
        return broken(request, error)
    browser.forget(request, reason="signed_out")
    return _signed_out(request, wanted)


def _read(request: HttpRequest) -> SignOut:
    """Raises OAuth2Error for an address that is not registered, or a hint that is not
    ours."""
    values = protocol.query_of(request).values
    hint, client_id = values.get("id_token_hint", ""), values.get("client_id", "")
    claims: dict[str, Any] = {}
    if hint:
        claims = jwts.verified_hint(hint) or {}
        if not claims:
            raise InvalidRequestError("id_token_hint is not an ID token of ours.")
        if client_id and client_id != claims["aud"]:
            raise InvalidRequestError("client_id is not that of id_token_hint.")
    named = client_id or str(claims.get("aud", ""))
    application = Application.objects.find(named) if named else None
    if application is not None and application.status != "active":
        application = None
    redirect_uri = values.get("post_logout_redirect_uri", "")
    if redirect_uri:
        registered = application.post_logout_redirects if application else []
        if redirect_uri not in registered:
            raise InvalidRequestError(
                "post_logout_redirect_uri is not registered for the client, or neither "
                "id_token_hint nor client_id names one."
            )
    return SignOut(
        redirect_uri=redirect_uri,
        state=values.get("state", ""),
        session=str(claims.get("sid", "")) if application is not None else "",
        application=application,
    )


def _ask(request: HttpRequest, wanted: SignOut, session: Session) -> HttpResponse:
    query = {
        "client_id": wanted.application.client_id if wanted.application else "",
        "post_logout_redirect_uri": wanted.redirect_uri,
        "state": wanted.state,
    }
    context = {
        "application": wanted.application,
        "session": session,
        "query": urlencode({name: value for name, value in query.items() if value}),
    }
    response = render(request, "oauth/logout.html", context)
    if wanted.redirect_uri:
        onward.let_forms_lead_to(response, source_of(wanted.redirect_uri))
    return response


def _signed_out(request: HttpRequest, wanted: SignOut) -> HttpResponse:
    if not wanted.redirect_uri:
        return render(request, "oauth/logged_out.html")
    if not wanted.state:
        return Redirect(wanted.redirect_uri)
    separator = "&" if "?" in wanted.redirect_uri else "?"
    query = urlencode({"state": wanted.state})
    return Redirect(f"{wanted.redirect_uri}{separator}{query}")
