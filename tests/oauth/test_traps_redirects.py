"""Trap 24 of stock servers: a wrong client or address is told to the person, who is
sent nowhere, and is not asked to sign in first (RFC 6749 4.1.2.1, RFC 9700 4.11.1)."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

from oauth.models import Grant
from tests.cast import Person
from tests.oauth.conftest import (
    CALLBACK,
    MOUNTS,
    App,
    Browser,
    address,
    pkce,
    register,
)
from tests.oauth.knocking import broken_page, refused, visitor

# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NATIVE = "http://127.0.0.1/callback"
WRONG_ADDRESSES = [
    "https://evil.test/callback",
    f"{CALLBACK}/",
    f"{CALLBACK}?next=evil",
    f"{CALLBACK}#fragment",
    f"{CALLBACK}/../evil",
    f"{CALLBACK}%2e",
    f" {CALLBACK}",
    f"{CALLBACK}\n",
    CALLBACK.upper(),
    CALLBACK.replace("https", "http"),
    CALLBACK.replace("your-app.com", "your-app.com.evil.test"),
    CALLBACK.replace("your-app.com", "your-app.com:8443"),
    CALLBACK.replace("your-app.com", "user@your-app.com"),
    CALLBACK.replace("your-app.com", "www.your-app.com"),
    CALLBACK.replace("your-app.com", "your-app.com\\@evil.test"),
    "//your-app.com/callback",
    "/callback",
    "callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://127.0.0.1/callback",
    "urn:ietf:wg:oauth:2.0:oob",
]


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_wrong_address_is_told_to_the_person_only(app: App, mount: str):
    # Trap 24: sign-in came first, and then a redirect that nobody had registered.
    app.mount = mount
    with_errors = {"response_type": "token", "scope": "", "prompt": "none"}
    for wrong in WRONG_ADDRESSES:
        broken_page(visitor().get(address(app, redirect_uri=wrong)))
        broken_page(visitor().get(address(app, redirect_uri=wrong, **with_errors)))


def test_a_wrong_client_is_told_to_the_person_only(app: App, alice: Person):
    # Trap 24.
    disabled, deleted = register(alice, is_active=False), register(alice)
    deleted.row.delete()
    for client_id in ("", "app_unknown", "x" * 300, disabled.client_id, "' OR 1=1 --"):
        broken_page(visitor().get(address(app, client_id=client_id)))
        broken_page(visitor().get(address(app, client_id=client_id, prompt="none")))
    broken_page(visitor().get(address(deleted)))


def test_a_wrong_request_is_told_to_who_is_signed_in_alike(app: App, alices: Browser):
    # Section 7: an open redirect by `prompt=none`.
    for wrong in ("https://evil.test/", f"{CALLBACK}/"):
        for prompt in ("", "none", "login", "consent"):
            broken_page(alices.ask(app, redirect_uri=wrong, prompt=prompt))
    cancel = address(app, redirect_uri="https://evil.test/")
    page = alices.ask(app)
    body = {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
    path = cancel.replace("/authorize?", "/authorize/cancel?")
    broken_page(alices.client.post(path, body))
    assert not Grant.objects.exists()


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "prompt", "x"])
def test_a_parameter_that_comes_twice_is_refused(app: App, alices: Browser, name: str):
    # RFC 6749 3.1: two readers may take another one of the two each.
    query = f"{address(app)}&{urlencode({name: 'a'})}&{urlencode({name: 'b'})}"
    broken_page(alices.client.get(query))


def test_with_two_addresses_one_has_to_be_named(alice: Person):
    app = register(alice, redirect_uris=f"{CALLBACK} https://b.example.com/")
    broken_page(visitor().get(address(app, redirect_uri="")))
    # None of them is one text with a space.
    broken_page(visitor().get(address(app, redirect_uri=app.row.redirect_uris)))


@pytest.mark.parametrize("uri", [NATIVE, "http://[::1]/callback"])
def test_a_native_application_listens_on_any_loopback_port(
    alice: Person, alices: Browser, uri: str
):
    # RFC 8252 7.3: the port is free, everything else is as registered.
    app = register(alice, type="native", redirect_uris=uri)
    host = uri.removesuffix("/callback")
    verifier, challenge = pkce()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    for good in (uri, f"{host}:1/callback", f"{host}:65535/callback"):
        code = alices.code(app, redirect_uri=good, **asked)
        answer = app.exchange(code, redirect_uri=good, code_verifier=verifier)
        assert answer.status_code == 200
    for wrong in (f"{host}:1/other", f"{host}:/callback", f"{host}:a/callback"):
        broken_page(visitor().get(address(app, redirect_uri=wrong)))
    for wrong in ("http://localhost:1/callback", "http://127.0.0.2/callback"):
        broken_page(visitor().get(address(app, redirect_uri=wrong)))
    other = f"{host}:2/callback"
    code = alices.code(app, redirect_uri=f"{host}:1/callback", **asked)
    answer = app.exchange(code, redirect_uri=other, code_verifier=verifier)
    refused(answer, "invalid_grant")


@pytest.mark.parametrize("kind", ["web", "spa"])
def test_others_have_no_free_port(alice: Person, kind: str):
    app = register(alice, type=kind, redirect_uris=NATIVE)
    broken_page(visitor().get(address(app, redirect_uri="http://127.0.0.1:1/callback")))
    assert visitor().get(address(app, redirect_uri=NATIVE)).status_code == 303


def test_a_redirect_address_costs_no_time(app: App):
    # Section 7, CVE-2022-36087: an address like this kept the server busy for minutes.
    evil = "http://[" + ":" * 40 + "::1111:2222:3333:4444:5555:6666:7777:8888" * 20
    began = time.perf_counter()
    for uri in (evil, f"{evil}]", "http://[" + "1:" * 3000 + "]/", "a" * 8000 + ":"):
        broken_page(visitor().get(address(app, redirect_uri=uri)))
    assert time.perf_counter() - began < 2
