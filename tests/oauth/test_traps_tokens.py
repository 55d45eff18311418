"""Traps 10, 19, 21 to 23 and 28 of stock servers: tokens, and how they are renewed."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from django.utils import timezone

from oauth.models import AccessToken, Application, RefreshToken
from tests.accounts.conftest import clock as clock
from tests.accounts.conftest import enrol as enrol
from tests.cast import Person
from tests.oauth.conftest import App, Browser, bearer, register
from tests.oauth.knocking import (
    API,
    MACHINE_PATHS,
    WHOAMI,
    api,
    form,
    get,
    is_alive,
    refused,
)

pytestmark = pytest.mark.django_db
USERINFO = ("/oauth/userinfo", "/api/v1/auth/oauth2/userinfo")
# The third has the header of our JWT access tokens, the fourth the claim as well.
GARBAGE = [
    "eyJ.a.b",
    "eyJhbGciOiJub25lIn0.e30.",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.x",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJjbGllbnRfaWQiOjF9.x",
    "...",
    "nr_oat_",
    "nr_oat_" + "0" * 72,
    "nr_ort_" + "0" * 72,
    "x" * 8000,
]


def made_earlier(seconds: float) -> None:
    """Move the use of every used refresh token back."""
    used = RefreshToken.objects.exclude(consumed_at=None)
    used.update(consumed_at=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: text[:24])
def test_what_only_looks_like_a_token_is_unproven(garbage: str, app: App):
    # Trap 10: `Bearer eyJ.a.b` was answered by a 500, to anybody.
    for path in (API, WHOAMI, *USERINFO):
        answer = api(garbage, path)
        assert answer.status_code == 401, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    for path in MACHINE_PATHS:
        answer = form(path, bearer(garbage))
        refused(answer, answer.json()["error"], answer.status_code)
        assert answer.status_code in (400, 401)
    assert app.introspect(garbage) == {"active": False}
    assert app.post("revoke", token=garbage).status_code == 200
    refused(app.refresh(garbage), "invalid_grant")


def test_a_narrower_refresh_does_not_narrow_the_family(app: App, alices: Browser):
    # Trap 19: the scope stood only on the access token, and so got lost for ever.
    tokens = alices.tokens(app, scope="scans_read devices_read")
    narrow = app.refresh(tokens["refresh_token"], scope="devices_read").json()
    assert narrow["scope"] == "devices_read"
    assert app.introspect(narrow["access_token"])["scope"] == "devices_read"
    assert api(narrow["access_token"]).status_code == 403
    whole = app.refresh(narrow["refresh_token"]).json()
    assert whole["scope"] == "scans_read devices_read"
    assert api(whole["access_token"]).status_code == 200


def test_a_refresh_never_widens(app: App, alices: Browser):
    # Trap 19's other side: more than was granted is refused, and costs nothing.
    tokens = alices.tokens(app)
    for scope in ("scans_write", "scans_read scans_write", "openid", "nonsense"):
        answer = app.refresh(tokens["refresh_token"], scope=scope)
        refused(answer, "invalid_scope")
    assert app.refresh(tokens["refresh_token"]).json()["scope"] == "scans_read"


def test_a_refresh_token_belongs_to_its_application(
    app: App, alices: Browser, alice: Person, carol: Person
):
    tokens = alices.tokens(app)
    for other in (register(alice), register(carol), register(alice, type="spa")):
        refused(other.refresh(tokens["refresh_token"]), "invalid_grant")
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_an_application_of_the_api_signs_id_tokens_from_the_start(
    alice: Person, alices: Browser
):
    # Trap 21: `openid` asked by an application without an algorithm was a 500.
    body = {
        "name": "New",
        "type": "web",
        "redirect_uris": ["https://your-app.com/callback"],
        "scopes": ["openid", "scans_read"],
    }
    made = alice.call("POST", "/api/v1/oauth-applications", body).json()
    row = Application.objects.get(client_id=made["client_id"])
    app = App(row, made["client_secret"])
    tokens = alices.tokens(app, scope="openid")
    header = jwt.get_unverified_header(tokens["id_token"])
    assert header["alg"] == "RS256"
    listed = get("/.well-known/jwks.json").json()["keys"]
    assert header["kid"] in {key["kid"] for key in listed}


@pytest.mark.slow
def test_many_refreshes_at_once_are_one_and_leave_live_tokens(
    app: App, alices: Browser, crowd
):
    # Traps 22 and 28: hashed and in parallel, a third was 500 and no token was alive.
    tokens = alices.tokens(app)
    answers = crowd(lambda: app.refresh(tokens["refresh_token"]), times=16)
    assert {answer.status_code for answer in answers} == {200}
    texts = {answer.content for answer in answers}
    assert len(texts) == 1
    assert RefreshToken.objects.count() == 2
    given = answers[0].json()
    assert api(given["access_token"]).status_code == 200
    assert app.refresh(given["refresh_token"]).status_code == 200


def test_a_repeated_refresh_gets_the_same_answer_again(app: App, alices: Browser):
    # Trap 22: what the grace period gave back was an empty token.
    tokens = alices.tokens(app)
    first = app.refresh(tokens["refresh_token"])
    made_earlier(29)
    again = app.refresh(tokens["refresh_token"])
    assert again.status_code == 200
    assert again.content == first.content
    assert is_alive(app, again.json()["access_token"])


def test_a_refresh_token_that_comes_again_later_ends_its_family(
    app: App, alices: Browser
):
    tokens = alices.tokens(app)
    renewed = app.refresh(tokens["refresh_token"]).json()
    made_earlier(31)
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")
    for given in (tokens, renewed):
        assert api(given["access_token"]).status_code == 401
        refused(app.refresh(given["refresh_token"]), "invalid_grant")


def test_a_refresh_token_whose_successor_was_used_ends_its_family_at_once(
    app: App, alices: Browser
):
    tokens = alices.tokens(app)
    second = app.refresh(tokens["refresh_token"]).json()
    third = app.refresh(second["refresh_token"]).json()
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")
    assert api(third["access_token"]).status_code == 401


def test_a_revoked_refresh_token_is_not_repeated(app: App, alices: Browser):
    # Section 7: a revoked refresh token was honoured within the grace period.
    tokens = alices.tokens(app)
    renewed = app.refresh(tokens["refresh_token"]).json()
    assert app.post("revoke", token=renewed["refresh_token"]).status_code == 200
    for given in (tokens, renewed):
        refused(app.refresh(given["refresh_token"]), "invalid_grant")
        assert api(given["access_token"]).status_code == 401


def test_a_refresh_makes_a_new_row_and_leaves_the_old_one_alone(
    app: App, alices: Browser
):
    # Trap 28: the row was overwritten, so that somebody held a dead token.
    tokens = alices.tokens(app)
    renewed = app.refresh(tokens["refresh_token"]).json()
    assert AccessToken.objects.count() == 2
    told = [app.introspect(each["access_token"]) for each in (tokens, renewed)]
    assert [each["active"] for each in told] == [True, True]
    assert told[0]["jti"] != told[1]["jti"]
    assert told[0]["iat"] <= told[1]["iat"]


def test_the_time_of_the_sign_in_is_that_of_the_session(
    app: App, alices: Browser, alice: Person, clock
):
    # Trap 23: `auth_time` was the last sign-in of the person, wherever it was.
    first = alices.sign_in()
    signed_in_at = int(timezone.now().timestamp())
    clock.shift(300)
    Browser(alice).sign_in()
    clock.shift(10)
    tokens = first.tokens(app, scope="openid")
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert claims["auth_time"] == signed_in_at
    assert claims["amr"] == ["pwd"]
    assert claims["acr"] == "aal1"
    assert app.introspect(tokens["access_token"])["auth_time"] == signed_in_at
    clock.shift(600)
    renewed = app.refresh(tokens["refresh_token"]).json()
    claims = jwt.decode(renewed["id_token"], options={"verify_signature": False})
    assert claims["auth_time"] == signed_in_at


def test_the_second_factor_of_the_session_is_told(app: App, alice: Person, enrol):
    # Trap 23: nothing of the stock package knows of a second step.
    authenticator, browser = enrol(alice), Browser(alice)
    browser.sign_in()
    page = browser.client.get("/login/code")
    token = str(page.context["csrf_token"])
    body = {"totp_code": authenticator.code(), "csrfmiddlewaretoken": token}
    assert browser.client.post("/login/code", body).status_code == 302
    tokens = browser.tokens(app, scope="openid")
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert claims["acr"] == "aal2"


def test_a_family_ends_with_its_absolute_term(app: App, alices: Browser, clock):
    tokens = alices.tokens(app)
    for _ in range(3):
        clock.shift(29 * 86_400)
        answer = app.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
    assert tokens["expires_in"] == 3600
    clock.shift(3 * 86_400 + 1)
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_refresh_token_that_nobody_uses_ends_after_its_idle_term(
    app: App, alices: Browser, clock
):
    tokens = alices.tokens(app)
    clock.shift(30 * 86_400 + 1)
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")
    assert not is_alive(app, tokens["refresh_token"])


def test_an_access_token_ends_after_an_hour(app: App, alices: Browser, clock):
    tokens = alices.tokens(app)
    clock.shift(3599)
    assert api(tokens["access_token"]).status_code == 200
    clock.shift(2)
    answer = api(tokens["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")
    assert not is_alive(app, tokens["access_token"])
