"""Clients that write things in other ways, all of them legal, on a live server."""

from __future__ import annotations

import base64
from itertools import product
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.live import bearer
from tests.oauth.conftest import MOUNTS, pkce
from tests.oauth.live_browser import browsing, register

# A real server, and a browser on it.
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.sqlite_only]

CALLBACK = "https://app.example.com/callback"
WITH_QUERY = "https://app.example.com/callback?tenant=a%26b&next=%2Fhome"
SCOPE = "openid email scans_read"
# What clients send along for other servers.
FOREIGN = {
    "access_type": "offline",
    "approval_prompt": "force",
    "audience": "https://api.example.com",
    "display": "page",
    "ui_locales": "de en",
    "claims_locales": "de",
    "acr_values": "aal1",
    "response_mode": "query",
    "x_unheard_of": "1",
}
# An empty value is as if it were left out (RFC 6749 3.1).
EMPTY = dict.fromkeys(
    (
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "request",
        "resource",
    ),
    "",
)
STATES = {
    "long": ("aB3%2F&=+#;\"'<>\\ é€\u2028🔑" * 100)[:2000],
    "encoded": "%7B%22a%22%3A%20%5B1%5D%7D%%zz",
    "json": '{"return_to": "/a?b=c&d=e#f", "csrf": "x+y/z=="}',
    "spaces": "  two  words ",
    "a token's look": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
}
every_mount = pytest.mark.parametrize("mount", MOUNTS)


@pytest.fixture(scope="module")
def account(hammered):
    return hammered.account("netrecon")


@pytest.fixture(scope="module")
def application(hammered, account):
    return register(
        hammered,
        account,
        redirect_uris=[CALLBACK, WITH_QUERY],
        scopes=SCOPE.split(),
        post_logout_redirect_uris=[CALLBACK],
    )


@pytest.fixture
def browser(hammered, account):
    """Of somebody who is not signed in yet."""
    with browsing(hammered, account) as browser:
        yield browser


@pytest.fixture
def ask(hammered, application):
    """ask("/oauth", state="x") -> the address of an authorization request."""

    def address(mount, **more):
        query = {
            "client_id": application["client_id"],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": SCOPE,
            **more,
        }
        return f"{hammered.url}{mount}/authorize?{urlencode(query)}"

    return address


@pytest.fixture
def post(hammered, application):
    """post("/oauth/token", ...) -> the answer to a form with Basic, strangely spelt."""

    def sent(path, scheme="Basic", headers=None, **body):
        # RFC 6749 2.3.1: form-encoded first. Every character may be.
        shown = [application["client_id"], application["client_secret"]]
        encoded = ":".join(
            "".join(f"%{ord(one):02x}" for one in each) for each in shown
        )
        basic = base64.b64encode(encoded.encode()).decode()
        proof = {"Authorization": f"{scheme} {basic}", "Accept": "*/*"}
        return hammered.send(
            "POST", path, data=body, headers={**proof, **(headers or {})}
        )

    return sent


def answered(address):
    """The parameters in an address that leads back, each of which stands once."""
    query = parse_qs(urlsplit(address).query, strict_parsing=True)
    return {name: value for name, [value] in query.items()}


def exchange(post, mount, address, **more):
    body = {
        "grant_type": "authorization_code",
        "code": answered(address)["code"],
        "redirect_uri": CALLBACK,
        **more,
    }
    return post(f"{mount}/token", **body)


@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
@every_mount
def test_a_state_comes_back_as_it_was(browser, ask, mount, state):
    assert answered(browser.visit(ask(mount, state=state)))["state"] == state


@every_mount
def test_an_address_with_a_query_keeps_it(hammered, browser, ask, post, mount):
    back = browser.visit(ask(mount, redirect_uri=WITH_QUERY, state="x"))
    assert back.startswith(f"{WITH_QUERY}&code=")
    given = answered(back)
    assert (given["tenant"], given["next"], given["state"]) == ("a&b", "/home", "x")
    answer = exchange(post, mount, back, redirect_uri=WITH_QUERY)
    assert answer.status_code == 200, answer.text


@every_mount
def test_foreign_and_empty_parameters_change_nothing(browser, ask, post, mount):
    back = browser.visit(ask(mount, **FOREIGN, **EMPTY))
    assert set(answered(back)) == {"code", "iss"}
    more = dict.fromkeys(("code_verifier", "client_id", "client_secret", "scope"), "")
    answer = exchange(post, mount, back, **more, **FOREIGN)
    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == SCOPE


@every_mount
def test_scopes_may_stand_in_any_order_more_than_once(browser, ask, post, mount):
    asked = "  scans_read   openid email  openid "
    answer = exchange(post, mount, browser.visit(ask(mount, scope=asked)))
    assert set(answer.json()["scope"].split()) == set(SCOPE.split())


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic"])
@every_mount
def test_every_endpoint_takes_a_slash_at_its_end(
    hammered, browser, ask, post, mount, scheme
):
    back = browser.visit(ask(mount).replace("/authorize?", "/authorize/?"))
    body = {"grant_type": "authorization_code", "code": answered(back)["code"]}
    answer = post(f"{mount}/token/", scheme, redirect_uri=CALLBACK, **body)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert post(f"{mount}/introspect/", scheme, token=token).json()["active"]
    for word, path in product(
        ("Bearer", "bearer", "BEARER"), ("userinfo", "userinfo/")
    ):
        shown = {"Authorization": f"{word} {token}", "Accept": "*/*"}
        told = hammered.send("GET", f"{mount}/{path}", headers=shown)
        assert told.status_code == 200, told.text
    assert post(f"{mount}/revoke/", scheme, token=token).status_code == 200
    assert not post(f"{mount}/introspect", scheme, token=token).json()["active"]
    pushed = post(f"{mount}/par/", scheme, response_type="code", redirect_uri=CALLBACK)
    assert pushed.json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=utf-8",
        "Application/X-WWW-Form-Urlencoded",
        "application/json; charset=utf-8",
    ],
)
@every_mount
def test_a_content_type_may_be_spelt_in_many_ways(
    hammered, browser, ask, application, mount, content_type
):
    verifier, challenge = pkce()
    back = browser.visit(
        ask(mount, code_challenge=challenge, code_challenge_method="S256")
    )
    body = {
        "grant_type": "authorization_code",
        "code": answered(back)["code"],
        "redirect_uri": CALLBACK,
        "client_id": application["client_id"],
        "client_secret": application["client_secret"],
        "code_verifier": verifier,
    }
    written = urlencode(body)
    if "json" in content_type:
        pairs = (f'"{name}": "{value}"' for name, value in body.items())
        written = f' {{{", ".join(pairs)}, "scope": null}} '
    headers = {"Content-Type": content_type}
    answer = hammered.send(
        "POST", f"{mount}/token", content=written.encode(), headers=headers
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")


@every_mount
def test_a_form_of_the_application_may_begin_it(hammered, browser, ask, mount):
    # OpenID Connect Core 3.1.2.1. Another site's form carries no cookie of ours.
    asked = ask(mount, state="ünd so weiter", scope=SCOPE)
    where, _, query = asked.partition("?")
    body = {name: value for name, [value] in parse_qs(query).items()}
    begun = hammered.send("POST", where, data=body)
    assert begun.status_code == 303
    back = browser.visit(hammered.url + begun.headers["Location"])
    assert answered(back)["state"] == "ünd so weiter"


@every_mount
def test_a_form_of_the_application_may_end_it(
    hammered, browser, ask, post, application, mount
):
    id_token = exchange(post, mount, browser.visit(ask(mount))).json()["id_token"]
    body = {
        "id_token_hint": id_token,
        "post_logout_redirect_uri": CALLBACK,
        "state": STATES["json"],
        "ui_locales": "de",
    }
    begun = hammered.send("POST", f"{mount}/logout", data=body)
    back = browser.visit(hammered.url + begun.headers["Location"])
    assert answered(back) == {"state": STATES["json"]}
    assert (
        answered(browser.visit(ask(mount, prompt="none")))["error"] == "login_required"
    )


@every_mount
def test_a_refresh_may_name_its_scopes_and_its_type(browser, ask, post, mount):
    tokens = exchange(post, mount, browser.visit(ask(mount))).json()
    body = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "scope": " scans_read  openid ",
        "redirect_uri": CALLBACK,
    }
    answer = post(f"{mount}/token", **body)
    assert set(answer.json()["scope"].split()) == {"scans_read", "openid"}
    for hint in ("refresh_token", "access_token", "unheard_of", ""):
        token = answer.json()["refresh_token"]
        told = post(f"{mount}/introspect", token=token, token_type_hint=hint)
        assert told.json()["active"], hint


def test_a_token_is_taken_with_more_than_one_space(browser, ask, post, hammered):
    token = exchange(post, "/oauth", browser.visit(ask("/oauth"))).json()[
        "access_token"
    ]
    shown = {"Authorization": f"Bearer  {token}"}
    assert hammered.send("GET", "/api/v1/scans", headers=shown).status_code == 200
    assert hammered.send("GET", "/api/v1/scans", headers=bearer(token)).is_success
