"""ID tokens (OpenID Connect Core 2), verified as a client does: by the JWKS."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Session
from oauth.models import Grant
from tests.accounts.conftest import clock as clock
from tests.accounts.conftest import enrol as enrol
from tests.cast import Person
from tests.oauth.conftest import App, Browser, register
from tests.oauth.speaking import age_sign_ins, claims_of, header_of

pytestmark = pytest.mark.django_db


def id_claims(app: App, tokens: dict[str, Any]) -> dict[str, Any]:
    return claims_of(tokens["id_token"], audience=app.client_id)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_published_keys_verify_it(alice: Person, alices: Browser, algorithm: str):
    app = register(alice, algorithm=algorithm)
    token = alices.tokens(app, scope="openid")["id_token"]
    assert header_of(token)["alg"] == algorithm
    assert header_of(token)["typ"] == "JWT"
    assert claims_of(token, audience=app.client_id)["sub"] == alice.user.public_id


def test_only_openid_asks_for_one(app: App, alices: Browser):
    assert "id_token" not in alices.tokens(app, scope="profile email scans_read")


def test_it_is_for_the_application_alone(app: App, alices: Browser):
    claims = id_claims(app, alices.tokens(app, scope="openid"))
    assert claims["aud"] == app.client_id
    assert claims["iss"] == "http://localhost:8000"


def test_it_lives_for_an_hour(app: App, alices: Browser, clock):
    claims = id_claims(app, alices.tokens(app, scope="openid"))
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["iat"] == int(timezone.now().timestamp())


def test_the_nonce_comes_back(app: App, alices: Browser):
    tokens = alices.tokens(app, scope="openid", nonce="n-0S6_WzA2Mj")
    assert id_claims(app, tokens)["nonce"] == "n-0S6_WzA2Mj"


def test_without_a_nonce_there_is_none(app: App, alices: Browser):
    assert "nonce" not in id_claims(app, alices.tokens(app, scope="openid"))


def test_at_hash_is_the_left_half_of_the_access_tokens_hash(app: App, alices: Browser):
    tokens = alices.tokens(app, scope="openid")
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    expected = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert id_claims(app, tokens)["at_hash"] == expected


def test_auth_time_is_that_of_the_sign_in(app: App, alices: Browser):
    age_sign_ins(hours=5)
    claims = id_claims(app, alices.tokens(app, scope="openid"))
    signed_in_at = Session.objects.get().authenticated_at
    assert claims["auth_time"] == int(signed_in_at.timestamp())
    assert claims["iat"] - claims["auth_time"] >= 5 * 3600


def test_sid_names_the_session(app: App, alices: Browser):
    claims = id_claims(app, alices.tokens(app, scope="openid"))
    assert claims["sid"] == Session.objects.get().public_id


def test_a_password_alone_is_one_factor(app: App, alices: Browser):
    claims = id_claims(app, alices.tokens(app, scope="openid"))
    assert claims["amr"] == ["pwd"]
    assert claims["acr"] == "aal1"


def test_a_second_step_is_told(app: App, alice: Person, enrol):
    codes = enrol(alice)
    browser = Browser(alice)
    browser.sign_in()
    page = browser.client.get("/login/code")
    csrf = str(page.context["csrf_token"])
    body = {"totp_code": codes.code(), "csrfmiddlewaretoken": csrf}
    assert browser.client.post("/login/code", body).status_code == 302
    claims = id_claims(app, browser.tokens(app, scope="openid"))
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert claims["acr"] == "aal2"


def test_it_says_no_more_than_the_scopes_let(app: App, alices: Browser):
    claims = id_claims(app, alices.tokens(app, scope="openid scans_read"))
    assert not {"name", "email", "email_verified", "org_name"} & claims.keys()
    assert claims["org"] == alices.person.organization.public_id


def test_profile_adds_the_names(app: App, alices: Browser):
    claims = id_claims(app, alices.tokens(app, scope="openid profile"))
    assert (claims["name"], claims["org_name"]) == ("Alice", "Acme")
    assert "email" not in claims


def test_email_adds_the_address(app: App, alices: Browser):
    claims = id_claims(app, alices.tokens(app, scope="openid email"))
    assert claims["email"] == "alice@acme.test"
    assert claims["email_verified"] is False
    assert "name" not in claims


def test_a_refresh_gives_a_fresh_one_of_the_same_sign_in(
    app: App, alices: Browser, clock
):
    tokens = alices.tokens(app, scope="openid")
    first = id_claims(app, tokens)
    clock.shift(600)
    refreshed = app.refresh(tokens["refresh_token"]).json()
    second = id_claims(app, refreshed)
    same = ("iss", "sub", "aud", "auth_time", "sid", "amr", "acr")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert second["iat"] == first["iat"] + 600
    assert second["at_hash"] != first["at_hash"]


def test_a_refreshed_one_has_no_nonce(app: App, alices: Browser):
    """OpenID Connect Core 12.2: it belongs to the authorization request alone."""
    tokens = alices.tokens(app, scope="openid", nonce="once")
    refreshed = app.refresh(tokens["refresh_token"]).json()
    assert "nonce" not in id_claims(app, refreshed)


def test_a_refresh_without_openid_gives_none(app: App, alices: Browser):
    tokens = alices.tokens(app, scope="openid scans_read")
    refreshed = app.refresh(tokens["refresh_token"], scope="scans_read").json()
    assert "id_token" not in refreshed


def test_an_application_of_its_own_gets_none(alice: Person):
    app = register(alice, type="machine", redirect_uris="")
    answer = app.token(grant_type="client_credentials", scope="scans_read")
    assert "id_token" not in answer.json()


def test_a_nonce_that_is_too_long_is_refused(app: App, alices: Browser):
    answer = alices.ask(app, scope="openid", nonce="n" * 513)
    assert "error=invalid_request" in answer.headers["Location"]
    assert not Grant.objects.exists()
