"""What a client of the tests knows: to read what it was given, and to prove itself."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from tests.accounts.forging import forge
from tests.accounts.proving import Prover
from tests.oauth.conftest import App, Browser, bearer

JWKS = "/.well-known/jwks.json"
SCANS = "/api/v1/scans"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def header_of(token: str) -> dict[str, Any]:
    return jwt.get_unverified_header(token)


def claims_of(token: str, *, audience: str) -> dict[str, Any]:
    """The claims of a JWT of ours, verified by the published keys alone."""
    keys = Client().get(JWKS).json()["keys"]
    header = header_of(token)
    (key,) = [each for each in keys if each["kid"] == header["kid"]]
    assert key["alg"] == header["alg"]
    return jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=[key["alg"]],
        audience=audience,
        issuer=settings.PUBLIC_URL,
        options={"require": ["iss", "sub", "aud", "exp", "iat"]},
    )


def calls(token: str, path: str = SCANS, scheme: str = "Bearer", **headers: str) -> Any:
    """What the API answers to whoever shows this token."""
    shown = {"Authorization": f"{scheme} {token}", **headers}
    return Client().get(path, headers=shown)


def assert_lives(token: str) -> None:
    assert calls(token).status_code == 200


def assert_dead(token: str) -> None:
    assert calls(token).status_code == 401


def refused(answer: Any, error: str, status: int = 400) -> dict[str, Any]:
    """The body of an error after RFC 6749 5.2, after the check."""
    told = answer.status_code, answer.json().get("error")
    assert told == (status, error), answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def sign_in_again(browser: Browser, answer: Any) -> Any:
    """Follow a redirect to the sign-in page, sign in there, and go where it leads."""
    page = answer.headers["Location"]
    assert page.startswith("/login?"), page
    shown = browser.client.get(page)
    body = {
        "email": browser.person.user.email,
        "password": browser.person.password,
        "csrfmiddlewaretoken": str(shown.context["csrf_token"]),
    }
    signed_in = browser.client.post(page, body)
    assert signed_in.status_code == 302, signed_in.content
    return browser.client.get(signed_in.headers["Location"])


def say_yes(browser: Browser, shown: Any) -> Any:
    """The answer to the consent page that is shown, at its own address."""
    assert shown.status_code == 200, shown
    asked = shown.request
    body = {
        "csrfmiddlewaretoken": str(shown.context["csrf_token"]),
        "membership": str(shown.context["membership"].public_id),
        "scopes": str(shown.context["given"]),
    }
    return browser.client.post(f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}", body)


def url_of(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def token_proof(app: App, prover: Prover, **changes: Any) -> dict[str, str]:
    """The header of a proof for the token endpoint (RFC 9449 5)."""
    return {"DPoP": prover.proof("POST", url_of(f"{app.mount}/token"), **changes)}


def call_proof(prover: Prover, token: str, path: str = SCANS) -> dict[str, str]:
    """The header of a proof for a GET with a bound token (RFC 9449 7)."""
    return {"DPoP": prover.proof("GET", url_of(path), token)}


def assertion(
    app: App, prover: Prover, header: dict[str, Any] | None = None, **changes: Any
) -> dict[str, str]:
    """The parameters by which an application proves itself by its key (RFC 7523 2.2).

    A claim or a member of the header that is given as None is left out.
    """
    now = int(time.time())
    claims = {
        "iss": app.client_id,
        "sub": app.client_id,
        "aud": settings.PUBLIC_URL,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
        **changes,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    named = header if header is not None else {"kid": "1"}
    whole = {"typ": "JWT", "alg": prover.algorithm, **named}
    signed = forge(whole, told, prover.sign)
    return {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}


def userinfo(token: str) -> dict[str, Any]:
    answer = Client().get("/oauth/userinfo", headers=bearer(token))
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def age_sign_ins(**ago: int) -> None:
    """As if everybody had signed in this much earlier."""
    then = timezone.now() - timedelta(**ago)
    User.objects.update(credentials_valid_from=then)
    Session.objects.update(authenticated_at=then)


def sign_out_at(mount: str = "/oauth", **query: str) -> str:
    """The address where an application asks for a sign-out."""
    return f"{mount}/logout?{urlencode(query)}"


def confirm_sign_out(browser: Browser, shown: Any) -> Any:
    """The answer to the question whether to sign out."""
    query = shown.context["query"]
    body = {"csrfmiddlewaretoken": str(shown.context["csrf_token"])}
    return browser.client.post(f"/oauth/logout/confirm?{query}", body)


def is_signed_in(browser: Browser) -> bool:
    own = Session.objects.alive().filter(membership__user=browser.person.user)
    return own.filter(is_browser=True).exists()
