"""Userinfo (OpenID Connect Core 5.3), and what pages of other sites may call."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.accounts.proving import Prover
from tests.cast import Issue, Person
from tests.oauth.conftest import MOUNTS, App, Browser, bearer, register
from tests.oauth.speaking import token_proof, url_of, userinfo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("signing_keys")]

USERINFO = "/oauth/userinfo"
ORIGIN = "https://app.example"


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_both_methods_are_answered_at_both_mounts(
    app: App, alices: Browser, method: str, mount: str
):
    token = alices.tokens(app, scope="openid")["access_token"]
    ask = getattr(Client(enforce_csrf_checks=True), method)
    answer = ask(f"{mount}/userinfo", headers=bearer(token))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_claims_follow_the_scopes(app: App, alices: Browser):
    told = userinfo(alices.tokens(app, scope="openid")["access_token"])
    person = alices.person
    assert told == {
        "sub": person.user.public_id,
        "org": person.organization.public_id,
    }


def test_it_names_whom_the_id_token_names(app: App, alices: Browser, bobs: Browser):
    hers, his = (browser.tokens(app, scope="openid") for browser in (alices, bobs))
    assert userinfo(hers["access_token"])["sub"] == alices.person.user.public_id
    assert userinfo(his["access_token"])["sub"] == bobs.person.user.public_id


def test_without_openid_nothing_is_told(app: App, alices: Browser):
    token = alices.tokens(app, scope="scans_read profile email")["access_token"]
    answer = Client().get(USERINFO, headers=bearer(token))
    assert answer.status_code == 403
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="openid"' in challenge


def test_an_application_of_its_own_is_nobody(alice: Person):
    app = register(alice, type="machine", redirect_uris="")
    granted = app.token(grant_type="client_credentials", scope="scans_read").json()
    answer = Client().get(USERINFO, headers=bearer(granted["access_token"]))
    assert answer.status_code == 403


def test_a_sessions_token_is_refused(alice: Person):
    token = alice.sign_in()["access_token"]
    assert Client().get(USERINFO, headers=bearer(token)).status_code == 403


def test_an_api_key_is_refused(alice: Person, issue: Issue):
    key = issue("scans_read", owner=alice)[1]
    assert Client().get(USERINFO, headers={"X-API-Key": key}).status_code == 403
    assert Client().get(USERINFO, headers=bearer(key)).status_code == 403


def test_an_id_token_is_refused(app: App, alices: Browser):
    token = alices.tokens(app, scope="openid")["id_token"]
    assert Client().get(USERINFO, headers=bearer(token)).status_code == 401


def test_a_token_in_the_body_is_not_looked_at(app: App, alices: Browser):
    token = alices.tokens(app, scope="openid")["access_token"]
    answer = Client().post(USERINFO, {"access_token": token})
    assert answer.status_code == 401


def test_a_bound_token_needs_its_key(app: App, alices: Browser):
    prover = Prover()
    granted = app.exchange(
        alices.code(app, scope="openid"), _headers=token_proof(app, prover)
    ).json()
    token = granted["access_token"]
    proof = prover.proof("POST", url_of(USERINFO), token)
    shown = {"Authorization": f"DPoP {token}", "DPoP": proof}
    told = Client().post(USERINFO, headers=shown)
    assert told.json()["sub"] == alices.person.user.public_id
    without = Client().post(USERINFO, headers=bearer(token))
    assert without.status_code == 401
    assert without.headers["WWW-Authenticate"].startswith("DPoP ")


PROGRAMS = ("token", "revoke", "par", "introspect", "device_authorization", "userinfo")


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("endpoint", PROGRAMS)
def test_a_page_of_another_site_may_call(mount: str, endpoint: str):
    """A browser asks first, without any credential."""
    answer = Client(enforce_csrf_checks=True).options(
        f"{mount}/{endpoint}",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, dpop",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type", "dpop"} <= set(allowed.split(", "))
    # Cookies never count here, so no page may send them along.
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/.well-known/jwks.json",
    ],
)
def test_a_page_of_another_site_may_read_what_is_public(path: str):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    ahead = Client().options(path, headers=asked)
    assert ahead.status_code == 204
    assert ahead.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in ahead.headers["Access-Control-Allow-Methods"]
    answer = Client().get(path, headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_page_of_another_site_can_read_a_refusal(app: App):
    """Else a browser shows its program a failed connection instead of the reason."""
    for answer in (
        Client().get(USERINFO, headers=bearer("nonsense")),
        app.token(grant_type="authorization_code", code="nonsense"),
    ):
        assert answer.status_code in (400, 401)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert "WWW-Authenticate" in exposed


@pytest.mark.parametrize("page", ["authorize", "device", "logout"])
def test_a_page_for_people_is_open_to_no_other_site(page: str):
    answer = Client().get(f"/oauth/{page}", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer.headers
