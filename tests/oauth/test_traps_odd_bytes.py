"""Odd bytes never make a fault of ours: every endpoint of both mounts answers below
500, and each refusal to a program is JSON that nobody keeps (section 4.22)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from oauth import clients
from oauth.models import PushedRequest
from oauth.models.applications import CODE, DEVICE, REFRESH
from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import (
    CALLBACK,
    MOUNTS,
    App,
    Browser,
    address,
    register,
)
from tests.oauth.knocking import (
    MACHINE_PATHS,
    basic,
    form,
    get,
    post,
    refused,
    unbraked,
    visitor,
)
from tests.oauth.oddities import BODIES, ODD_CLAIMS, ODD_HEADERS, ODD_VALUES, PARAMETERS

pytestmark = pytest.mark.django_db
PAGES = [
    f"{mount}/{page}"
    for mount in MOUNTS
    for page in ("authorize", "device", "logout", "userinfo")
]


def proper(answer: Any) -> None:
    """A refusal to a program, whatever was wrong."""
    assert 400 <= answer.status_code < 500, answer.content
    refused(answer, answer.json()["error"], answer.status_code)


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_an_odd_body_is_refused(path: str, app: App):
    headers = basic(app.client_id, app.secret)
    for name, (content, kind) in BODIES.items():
        unbraked()
        for proof in ({}, headers):
            answer = post(path, content, kind, **proof)
            assert answer.status_code < 500, (name, answer.content)
            proper(answer)


def test_a_body_that_is_too_large_is_told_so():
    for path in MACHINE_PATHS:
        for name in ("70 KB", "70 KB, as JSON"):
            body = refused(post(path, *BODIES[name]), "invalid_request", 413)
            assert body["code"] == "payload_too_large"


@pytest.mark.parametrize("method", ["HEAD", "GET", "PUT", "PATCH", "DELETE", "TRACE"])
def test_another_method_is_refused(method: str):
    for path in MACHINE_PATHS:
        answer = visitor().generic(method, path)
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]
        assert "no-store" in answer.headers["Cache-Control"]
        assert "json" in answer.headers["Content-Type"]
        if method != "HEAD":
            assert answer.json()["error"] == "invalid_request"


GRANTS: dict[str, dict[str, str]] = {
    "token": {"grant_type": CODE, "code": "x"},
    "token refresh": {"grant_type": REFRESH, "refresh_token": "x"},
    "token machine": {"grant_type": "client_credentials", "scope": "scans_read"},
    "token device": {"grant_type": DEVICE, "device_code": "x"},
    "revoke": {"token": "x"},
    "introspect": {"token": "x"},
    "par": {"response_type": "code", "scope": "scans_read", "redirect_uri": CALLBACK},
    "device_authorization": {"scope": "scans_read"},
}


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("name", PARAMETERS)
def test_an_odd_value_of_any_parameter_makes_no_fault(
    app: App, alice: Person, name: str
):
    machine = register(alice, type="machine")
    keyed = register(alice, token_endpoint_auth_method="private_key_jwt")
    for what, body in GRANTS.items():
        caller = machine if what == "token machine" else app
        if name.startswith("client_assertion"):
            body = {**body, "client_id": keyed.client_id}
            body |= {"client_assertion": "x.y.z"}
            body |= {"client_assertion_type": clients.ASSERTION_TYPE}
        else:
            body = {**body, **caller.proof}
        kept = urlencode({key: text for key, text in body.items() if key != name})
        unbraked()
        for odd, value in ODD_VALUES.items():
            path = f"/oauth/{what.partition(' ')[0]}"
            answer = post(path, f"{kept}&{name}={value}".encode())
            assert answer.status_code < 500, (what, odd, answer.content)
            assert "no-store" in answer.headers["Cache-Control"]
            if answer.status_code >= 400:
                proper(answer)


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("name", PARAMETERS)
def test_an_odd_value_in_the_address_of_a_page_makes_no_fault(
    app: App, alices: Browser, name: str
):
    for value in ODD_VALUES.values():
        for path in ("/oauth/authorize", "/oauth/device", "/oauth/logout"):
            query = address(app, **{name: ""}).partition("?")[2]
            for browser in (visitor(), alices.client):
                answer = browser.get(f"{path}?{query}&{name}={value}")
                assert answer.status_code < 500, (value, answer.content)
                assert "\n" not in answer.headers.get("Location", "")
                assert "Set-Cookie:" not in answer.headers.get("Location", "")


def test_an_odd_name_of_a_parameter_makes_no_fault(app: App):
    for value in ("a%00b", "%ED%A0%80", "%FF", "é"):
        for what, body in GRANTS.items():
            path = f"/oauth/{what.partition(' ')[0]}"
            content = urlencode({**body, **app.proof}) + f"&{value}=x&resource={value}"
            answer = post(path, content.encode())
            assert answer.status_code < 500, (what, answer.content)


def test_what_is_kept_of_a_pushed_request_can_be_stored(app: App, alices: Browser):
    asked = {**GRANTS["par"], **app.proof}
    for odd in ("a%00b=x", "x=a%00b", "%00=%00"):
        content = f"{urlencode(asked)}&{odd}".encode()
        refused(post("/oauth/par", content), "invalid_request")
    assert not PushedRequest.objects.exists()


def test_an_odd_thumbprint_is_refused_before_it_is_kept(app: App, alices: Browser):
    # RFC 9449 10: 43 characters of base64url, and the column holds no more.
    for value in ("x", "x" * 44, "x" * 8000, "ü" * 43, "a b"):
        answer = alices.allow(app, dpop_jkt=value)
        assert "error=invalid_request" in answer.headers["Location"]
        refused(app.post("par", **GRANTS["par"], dpop_jkt=value), "invalid_request")


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("name", ["Authorization", "DPoP", "Content-Type", "Cookie"])
@pytest.mark.parametrize("path", [*MACHINE_PATHS, *PAGES])
def test_an_odd_header_makes_no_fault(path: str, name: str, app: App):
    for what, value in ODD_HEADERS.items():
        answer = post(path, urlencode(app.proof).encode(), **{name: value})
        assert answer.status_code < 500, (what, answer.content)
        answer = get(path, **{name: value})
        assert answer.status_code < 500, (what, answer.content)


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("path", PAGES)
def test_an_odd_body_of_a_page_makes_no_fault(path: str, alices: Browser):
    token = str(alices.client.get("/oauth/device").context["csrf_token"])
    headers = {"X-CSRFToken": token}
    for name, (content, kind) in BODIES.items():
        for browser in (visitor(), alices.client):
            named: Any = {"content_type": kind, "headers": headers}
            answer = browser.generic("POST", path, content, **named)
            assert answer.status_code < 500, (name, answer.content)


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_odd_claims_of_an_assertion_are_a_failed_client(
    alice: Person, named: bool, settings
):
    # Signed rightly, as only the application can.
    prover = Prover()
    app = register(
        alice,
        type="machine",
        token_endpoint_auth_method="private_key_jwt",
        client_jwks={"keys": [prover.jwk]},
        secret_digest=None,
    )
    wish = {"grant_type": "client_credentials", "scope": "scans_read"}
    for number, odd in enumerate([*ODD_CLAIMS, {}]):
        claims = {
            "iss": app.client_id,
            "sub": app.client_id,
            "aud": settings.PUBLIC_URL,
            "exp": int(time.time()) + 300,
            "jti": f"number {number}",
            **odd,
        }
        body = {"client_assertion": signed(prover, claims)}
        body |= {"client_assertion_type": clients.ASSERTION_TYPE}
        body |= {"client_id": app.client_id} if named else {}
        answer = form("/oauth/token", **body, **wish)
        if odd:
            refused(answer, "invalid_client", 401)
    assert answer.status_code == 200, answer.content


def signed(prover: Prover, claims: dict[str, Any]) -> str:
    parts = [{"alg": "ES256", "typ": "JWT"}, claims]
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in parts
    )
    signature = base64.urlsafe_b64encode(prover.sign(text.encode())).rstrip(b"=")
    return f"{text}.{signature.decode()}"
