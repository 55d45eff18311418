"""Trap 9 of stock servers: an ID token worked as an access token. No text that we give
for one purpose serves another one, at any place that takes a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from accounts.audit import SYSTEM
from apikeys import lifecycle
from apikeys.lifecycle import Wish
from oauth import clients, jwts
from oauth.models.applications import CODE, DEVICE, REFRESH
from tests.cast import Person, send
from tests.oauth.conftest import CALLBACK, App, Browser, register, sent_back
from tests.oauth.knocking import (
    API,
    WHOAMI,
    api,
    basic,
    form,
    get,
    post,
    unbraked,
    visitor,
)

# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.patient]
USERINFO = ("/oauth/userinfo", "/api/v1/auth/oauth2/userinfo")
PRODUCTS = {"netrecon": ("alice", "scans_read"), "netallion": ("nadia", "scan:read")}


@dataclass
class Purse:
    """Every kind of text that a deployment gives to somebody, by its name."""

    person: Person
    app: App
    texts: dict[str, str]

    def others(self, *right: str) -> dict[str, str]:
        """All but those that are right at a place."""
        assert set(right) <= self.texts.keys()
        return {name: text for name, text in self.texts.items() if name not in right}


@pytest.fixture(params=PRODUCTS)
def purse(request: pytest.FixtureRequest) -> Purse:
    name, scope = PRODUCTS[request.param]
    person: Person = request.getfixturevalue(name)
    app, browser = register(person), Browser(person).sign_in()
    asked = f"openid {scope}"
    tokens = browser.tokens(app, scope=asked)
    signed = browser.tokens(register(person, access_token_format="jwt"), scope=asked)
    machine = register(person, type="machine")
    own = machine.token(grant_type="client_credentials", scope=scope).json()
    device = app.post("device_authorization", scope=scope).json()
    pushed = app.post(
        "par", response_type="code", redirect_uri=CALLBACK, scope=scope
    ).json()
    session = person.sign_in()
    key = lifecycle.issue_for(
        person.organization,
        Wish(scopes=(scope,), name="CI", environment="live"),
        membership=None,
        by=SYSTEM,
    )[1]
    logout = jwts.logout_token(
        app.row, subject=person.user.public_id, session="ses_unknown"
    )
    texts = {
        "access token": tokens["access_token"],
        "signed access token": signed["access_token"],
        "machine's access token": own["access_token"],
        "refresh token": tokens["refresh_token"],
        "ID token": tokens["id_token"],
        "session token": session["access_token"],
        "session refresh token": session["refresh_token"],
        "API key": key,
        "client secret": app.secret,
        "code": browser.code(app, scope=asked),
        "device code": device["device_code"],
        "user code": device["user_code"],
        "request_uri": pushed["request_uri"],
        "logout token": logout,
        "client id": app.client_id,
    }
    return Purse(person, app, texts)


def still_good(purse: Purse) -> None:
    """Nothing that was tried in a wrong place has hurt what it was."""
    texts = purse.texts
    for name in ("access token", "signed access token", "session token", "API key"):
        assert api(texts[name], WHOAMI).status_code == 200, name
    answer = send("POST", "/api/v1/auth/refresh", {"refresh_token": texts[SESSION]})
    assert answer.status_code == 200
    assert purse.app.exchange(texts["code"]).status_code == 200
    assert purse.app.refresh(texts["refresh token"]).status_code == 200


SESSION = "session refresh token"
ACCESS = ("access token", "signed access token", "machine's access token")


def test_the_api_opens_to_access_tokens_and_keys_only(purse: Purse):
    right = (*ACCESS, "session token", "API key")
    for scheme in ("Bearer", "DPoP", "Basic", "Token", ""):
        for name, text in purse.others(*(right if scheme == "Bearer" else ())).items():
            answer = api(text, WHOAMI, scheme)
            told = (answer.status_code, answer.json()["code"])
            assert told == (401, "invalid_credential"), (scheme, name)
    for name, text in purse.others("API key").items():
        assert send("GET", WHOAMI, X_API_KEY=text).status_code == 401, name
    for name in right:
        assert api(purse.texts[name], API).status_code == 200, name
    still_good(purse)


def test_userinfo_answers_to_a_persons_access_token_only(purse: Purse):
    for path in USERINFO:
        for name, text in purse.texts.items():
            for call in (get, post):
                answer = call(path, Authorization=f"Bearer {text}")
                good = name in ("access token", "signed access token")
                assert (answer.status_code == 200) == good, name
                assert answer.status_code in (200, 401, 403), name
    still_good(purse)


def test_introspection_knows_oauth_tokens_only(purse: Purse):
    for name, text in purse.others(*ACCESS, "refresh token").items():
        assert purse.app.introspect(text) == {"active": False}, name
    for name in (*ACCESS, "refresh token"):
        assert purse.app.introspect(purse.texts[name])["active"], name
    still_good(purse)


def test_revocation_ends_oauth_tokens_only(purse: Purse):
    for name, text in purse.others("access token", "refresh token").items():
        answer = purse.app.post("revoke", token=text)
        assert (answer.status_code, answer.content) == (200, b""), name
    still_good(purse)


GRANTS = [
    (REFRESH, "refresh_token", "refresh token"),
    (CODE, "code", "code"),
    (DEVICE, "device_code", "device code"),
]


def test_the_token_endpoint_takes_each_for_its_own_grant_only(purse: Purse):
    for grant_type, parameter, right in GRANTS:
        for name, text in purse.others(right).items():
            body = {parameter: text, "redirect_uri": CALLBACK}
            answer = purse.app.token(grant_type=grant_type, **body)
            told = (answer.status_code, answer.json()["error"])
            assert told == (400, "invalid_grant"), (parameter, name)
    still_good(purse)


def test_a_session_is_refreshed_by_its_own_token_only(purse: Purse):
    # Section 4.21: `cpf_rt_` and `cpf_ort_` are worlds of their own.
    for name, text in purse.others(SESSION).items():
        answer = send("POST", "/api/v1/auth/refresh", {"refresh_token": text})
        told = (answer.status_code, answer.json()["code"])
        assert told == (401, "invalid_refresh_token"), name
    still_good(purse)


def by_post(app: App, text: str) -> Any:
    body = {"client_id": app.client_id, "client_secret": text}
    return form("/oauth/token", grant_type=REFRESH, refresh_token="x", **body)


def by_basic(app: App, text: str) -> Any:
    headers = basic(app.client_id, text)
    return form("/oauth/token", headers, grant_type=REFRESH, refresh_token="x")


def by_assertion(app: App, text: str) -> Any:
    body = {
        "client_id": app.client_id,
        "client_assertion": text,
        "client_assertion_type": clients.ASSERTION_TYPE,
    }
    return form("/oauth/token", grant_type=REFRESH, refresh_token="x", **body)


def test_an_application_is_proven_by_its_secret_only(purse: Purse):
    for prove in (by_post, by_basic, by_assertion):
        unbraked()
        right = () if prove is by_assertion else ("client secret",)
        for name, text in purse.others(*right).items():
            answer = prove(purse.app, text)
            told = (answer.status_code, answer.json()["error"])
            assert told == (401, "invalid_client"), (prove, name)
        for name in right:
            assert prove(purse.app, purse.texts[name]).json()["error"] == (
                "invalid_grant"
            )


def test_a_hint_about_the_person_is_an_id_token_only(purse: Purse):
    browser = Browser(purse.person).sign_in()
    for name, text in purse.others("ID token").items():
        # The door refuses what is a credential, the endpoint what is no hint.
        answer = browser.ask(purse.app, id_token_hint=text, scope="openid")
        if answer.status_code != 400:
            assert sent_back(answer)["error"] == "invalid_request", name
        answer = browser.client.get("/oauth/logout", {"id_token_hint": text})
        assert answer.status_code == 400, name
    right = purse.texts["ID token"]
    signed_in = browser.ask(purse.app, id_token_hint=right, scope="openid")
    assert "code" in sent_back(signed_in)


@pytest.mark.parametrize("path", [API, WHOAMI, *USERINFO])
def test_a_token_in_an_address_a_body_or_a_cookie_is_never_read(
    app: App, alices: Browser, path: str
):
    # RFC 6750 2.2 and 2.3 allow what RFC 9700 4.3.2 takes back.
    token = alices.tokens(app, scope="openid scans_read")["access_token"]
    for name in ("access_token", "token", "x"):
        answer = get(f"{path}?{name}={token}")
        assert (answer.status_code, answer.json()["code"]) == (400, "credential_in_url")
        assert token not in answer.content.decode()
    browser = visitor()
    browser.cookies["access_token"] = browser.cookies["session"] = token
    answers = [get(path), browser.get(path)]
    if path in USERINFO:
        answers.append(form(path, access_token=token))
    for answer in answers:
        told = (answer.status_code, answer.json()["code"])
        assert told == (401, "credential_required")
