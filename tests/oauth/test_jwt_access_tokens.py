"""JWT access tokens, for applications that ask for them (RFC 9068)."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from accounts.models import Session
from oauth.models import AccessToken, Application, Consent
from tests.accounts.conftest import clock as clock
from tests.accounts.conftest import own_key as own_key
from tests.accounts.forging import altered, by_key, by_nobody, by_us, read
from tests.cast import Person, send
from tests.oauth.conftest import App, Browser, bearer, register
from tests.oauth.speaking import (
    age_sign_ins,
    assert_dead,
    assert_lives,
    calls,
    claims_of,
    header_of,
    userinfo,
)

pytestmark = pytest.mark.django_db

HERE = "http://localhost:8000"


@pytest.fixture
def signing(alice: Person) -> App:
    """An application whose access tokens are JWTs."""
    return register(alice, access_token_format="jwt")


@pytest.fixture
def machine(alice: Person) -> App:
    return register(alice, type="machine", redirect_uris="", access_token_format="jwt")


def own_token(machine: App) -> str:
    answer = machine.token(grant_type="client_credentials", scope="scans_read")
    token: str = answer.json()["access_token"]
    return token


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_published_keys_verify_it(alice: Person, alices: Browser, algorithm: str):
    app = register(alice, access_token_format="jwt", algorithm=algorithm)
    token = alices.tokens(app)["access_token"]
    assert header_of(token)["typ"] == "at+jwt"
    assert header_of(token)["alg"] == algorithm
    assert claims_of(token, audience=HERE)
    assert_lives(token)


def test_its_claims_are_those_of_the_standard(signing: App, alices: Browser):
    tokens = alices.tokens(signing, scope="openid scans_read")
    claims = claims_of(tokens["access_token"], audience=HERE)
    now = int(time.time())
    assert now - 60 < claims.pop("iat") <= now
    assert now < claims.pop("exp") <= now + 3600
    row = AccessToken.objects.get()
    session = Session.objects.get()
    assert claims == {
        "iss": HERE,
        "aud": HERE,
        "sub": alices.person.user.public_id,
        "client_id": signing.client_id,
        "jti": row.public_id,
        "scope": "openid scans_read",
        "org": alices.person.organization.public_id,
        "auth_time": int(session.authenticated_at.timestamp()),
        "amr": ["pwd"],
        "acr": "aal1",
    }


def test_auth_time_is_that_of_the_sign_in(signing: App, alices: Browser):
    age_sign_ins(hours=3)
    claims = claims_of(alices.tokens(signing)["access_token"], audience=HERE)
    assert claims["iat"] - claims["auth_time"] >= 3 * 3600


def test_an_application_of_its_own_is_its_own_subject(machine: App):
    claims = claims_of(own_token(machine), audience=HERE)
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert not {"auth_time", "amr", "acr"} & claims.keys()


def test_each_one_is_another(signing: App, alices: Browser):
    first, second = (alices.tokens(signing)["access_token"] for _ in range(2))
    assert read(first)[1]["jti"] != read(second)[1]["jti"]


def test_it_opens_the_api_and_userinfo(signing: App, alices: Browser):
    token = alices.tokens(signing, scope="openid scans_read")["access_token"]
    assert_lives(token)
    assert userinfo(token)["sub"] == alices.person.user.public_id
    assert signing.introspect(token)["active"] is True


def test_its_refresh_token_is_opaque(signing: App, alices: Browser):
    tokens = alices.tokens(signing)
    assert tokens["refresh_token"].startswith("nr_ort_")
    refreshed = signing.refresh(tokens["refresh_token"]).json()
    assert header_of(refreshed["access_token"])["typ"] == "at+jwt"
    assert_lives(refreshed["access_token"])


def test_it_can_do_what_its_row_says_and_not_what_it_says_itself(
    signing: App, alices: Browser
):
    token = alices.tokens(signing, scope="scans_read")["access_token"]
    AccessToken.objects.update(scope="devices_read")
    assert calls(token).status_code == 403


def test_revoked_it_is_refused_at_once(signing: App, alices: Browser):
    token = alices.tokens(signing)["access_token"]
    assert_lives(token)
    assert signing.post("revoke", token=token).status_code == 200
    assert_dead(token)
    assert signing.introspect(token) == {"active": False}


def test_withdrawn_it_is_refused_at_once(signing: App, alices: Browser):
    token = alices.tokens(signing)["access_token"]
    Consent.objects.all().withdraw("withdrawn")
    assert_dead(token)


def test_of_a_disabled_application_it_is_refused_at_once(machine: App):
    token = own_token(machine)
    assert_lives(token)
    Application.objects.update(is_active=False)
    assert_dead(token)


def test_expired_it_is_refused_and_told_so(signing: App, alices: Browser, clock):
    token = alices.tokens(signing)["access_token"]
    clock.shift(3601)
    answer = calls(token)
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_expired"


def test_tampered_it_is_refused(signing: App, alices: Browser, own_key):
    token = alices.tokens(signing)["access_token"]
    head, payload, signature = token.split(".")
    for forged in (
        altered(token, by_nobody, scope="users_manage"),
        altered(token, by_key(own_key), scope="users_manage"),
        altered(token, by_nobody, header={"alg": "none"}),
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-2]}AA",
        f"{token}.",
        f"{token}=",
    ):
        assert_dead(forged)
        assert signing.introspect(forged) == {"active": False}


def test_what_we_sign_ourselves_but_never_issued_is_refused(
    signing: App, alices: Browser
):
    """The row decides: a stolen signing key makes no tokens for our own API."""
    token = alices.tokens(signing)["access_token"]
    assert_dead(altered(token, by_us, jti="tok_other"))
    AccessToken.objects.all().delete()
    assert_dead(token)


def test_it_is_no_session(signing: App, alices: Browser, alice: Person):
    token = alices.tokens(signing, scope="openid users_manage")["access_token"]
    for method, path in (
        ("GET", "/api/v1/auth/sessions"),
        ("GET", "/api/v1/oauth-grants"),
        ("POST", "/api/v1/auth/totp"),
        ("POST", "/api/v1/auth/logout"),
    ):
        answer = send(method, path, AUTHORIZATION=f"Bearer {token}")
        assert answer.status_code == 403, path
        assert answer.json()["code"] == "user_required", path
    body = {"refresh_token": token}
    assert send("POST", "/api/v1/auth/refresh", body).status_code == 401


def test_a_session_claimed_by_it_counts_for_nothing(signing: App, alices: Browser):
    """As if our key had signed a token that is both."""
    token = alices.tokens(signing)["access_token"]
    session = Session.objects.get()
    for claims in (
        {"sid": session.public_id},
        {"sid": session.public_id, "aud": "netrecon"},
    ):
        assert_dead(altered(token, by_us, **claims))


def test_a_sessions_token_is_none_of_an_application(signing: App, alice: Person):
    token = alice.sign_in()["access_token"]
    assert signing.introspect(token) == {"active": False}
    assert signing.post("revoke", token=token).status_code == 200
    assert Client().get("/api/v1/scans", headers=bearer(token)).status_code == 200


def test_its_text_is_not_kept(signing: App, alices: Browser):
    token = alices.tokens(signing)["access_token"]
    for value in AccessToken.objects.values().get().values():
        assert token not in str(value)


def test_others_get_opaque_ones(app: App, alices: Browser):
    assert alices.tokens(app)["access_token"].startswith("nr_oat_")
