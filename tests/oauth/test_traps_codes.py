"""Traps 12 to 14 of stock servers: codes, and the proof of who began (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oauth.models import AccessToken, Grant, RefreshToken
from tests.cast import Person
from tests.oauth.conftest import CALLBACK, App, Browser, pkce, register, sent_back
from tests.oauth.knocking import api, get, is_alive, newest_grant, refused

pytestmark = pytest.mark.django_db
OTHER = "https://other.example.com/callback"


def challenged(browser: Browser, app: App, **query: str) -> tuple[str, str]:
    """A code that a challenge protects, and the verifier."""
    verifier, challenge = pkce()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256", **query}
    return browser.code(app, **asked), verifier


def consumed_earlier(seconds: float) -> None:
    Grant.objects.update(consumed_at=timezone.now() - timedelta(seconds=seconds))


def test_a_verifier_without_a_challenge_is_refused(app: App, alices: Browser):
    # Trap 12: somebody took the challenge out on the way (RFC 9700 4.8.2).
    code = alices.code(app)
    refused(app.exchange(code, code_verifier=pkce()[0]), "invalid_grant")
    assert app.exchange(code).status_code == 200


def test_a_challenge_that_was_sent_is_always_verified(app: App, alices: Browser):
    # Trap 12: a web application need not use PKCE, but what it began it must end.
    code, verifier = challenged(alices, app)
    refused(app.exchange(code), "invalid_request")
    refused(app.exchange(code, code_verifier=""), "invalid_request")
    assert app.exchange(code, code_verifier=verifier).status_code == 200


def test_a_wrong_verifier_is_refused_and_does_not_burn_the_code(
    app: App, alices: Browser
):
    code, verifier = challenged(alices, app)
    for wrong in (pkce()[0], verifier[:-1], verifier + "a", verifier.swapcase()):
        refused(app.exchange(code, code_verifier=wrong), "invalid_grant")
    assert not AccessToken.objects.exists()
    assert app.exchange(code, code_verifier=verifier).status_code == 200


@pytest.mark.parametrize("method", ["plain", "", "s256", "S512", "none"])
def test_only_s256_is_a_challenge(app: App, alices: Browser, method: str):
    asked = {"code_challenge": pkce()[1], "code_challenge_method": method}
    told = sent_back(alices.allow(app, **asked))
    assert told["error"] == "invalid_request"
    assert "code" not in told


@pytest.mark.parametrize(
    "challenge", ["abc", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "é", "a" * 128]
)
def test_a_challenge_is_the_base64url_of_a_sha256(
    app: App, alices: Browser, challenge: str
):
    # Trap 12: a challenge of three characters was taken.
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert sent_back(alices.allow(app, **asked))["error"] == "invalid_request"


@pytest.mark.parametrize("kind", ["spa", "native"])
def test_who_keeps_no_secret_always_uses_a_challenge(
    alice: Person, alices: Browser, kind: str
):
    # Trap 12. The row says otherwise here: the rule does not depend on it.
    app = register(alice, type=kind, require_pkce=False)
    told = sent_back(alices.allow(app))
    assert told["error"] == "invalid_request"
    assert "code" not in told
    refused(
        app.post("par", response_type="code", scope="scans_read"), "invalid_request"
    )
    code, verifier = challenged(alices, app)
    refused(app.exchange(code), "invalid_request")
    assert app.exchange(code, code_verifier=verifier).status_code == 200


def test_a_web_application_that_wants_the_challenge_gets_no_code_without(
    alice: Person, alices: Browser
):
    app = register(alice, require_pkce=True)
    assert sent_back(alices.allow(app))["error"] == "invalid_request"
    code, verifier = challenged(alices, app)
    assert app.exchange(code, code_verifier=verifier).status_code == 200


def test_a_code_that_comes_again_later_ends_what_came_from_it(
    app: App, alices: Browser
):
    # Trap 13: the replay was refused, but the tokens stayed valid.
    code = alices.code(app)
    tokens = app.exchange(code).json()
    renewed = app.refresh(tokens["refresh_token"]).json()
    assert api(renewed["access_token"]).status_code == 200
    consumed_earlier(2.5)
    refused(app.exchange(code), "invalid_grant")
    for given in (tokens, renewed):
        assert api(given["access_token"]).status_code == 401
        assert not is_alive(app, given["access_token"])
        assert not is_alive(app, given["refresh_token"])
        refused(app.refresh(given["refresh_token"]), "invalid_grant")


def test_a_code_that_is_submitted_twice_at_once_ends_nothing(app: App, alices: Browser):
    # Trap 13 and section 9: a double click is no attack.
    code = alices.code(app)
    tokens = app.exchange(code).json()
    consumed_earlier(1)
    refused(app.exchange(code), "invalid_grant")
    assert AccessToken.objects.count() == 1
    assert api(tokens["access_token"]).status_code == 200
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_a_replay_ends_the_tokens_of_its_own_code_only(app: App, alices: Browser):
    # Trap 13.
    code = alices.code(app)
    first, second = app.exchange(code).json(), alices.tokens(app)
    consumed_earlier(10)
    refused(app.exchange(code), "invalid_grant")
    assert api(first["access_token"]).status_code == 401
    assert api(second["access_token"]).status_code == 200


def test_somebody_elses_replay_ends_nothing(
    app: App, alices: Browser, alice: Person, carol: Person
):
    # Trap 13: whoever saw a code could end the tokens without proving anything.
    code = alices.code(app)
    tokens = app.exchange(code).json()
    consumed_earlier(10)
    for other in (register(alice), register(carol), App(app.row, "nr_ocs_wrong")):
        answer = other.exchange(code)
        assert answer.status_code in (400, 401)
    assert api(tokens["access_token"]).status_code == 200


@pytest.mark.slow
def test_a_code_that_many_redeem_at_once_is_worth_one_token(
    app: App, alices: Browser, crowd
):
    # Trap 14: tokens were saved before the code was consumed, and 500s were told.
    code = alices.code(app)
    answers = crowd(lambda: app.exchange(code), times=16)
    given = [answer for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    for answer in answers:
        if answer is not given[0]:
            refused(answer, "invalid_grant")
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (1, 1)
    assert api(given[0].json()["access_token"]).status_code == 200


def test_a_code_that_was_used_mints_nothing(app: App, alices: Browser):
    # Trap 14: most of the rows of a race were tokens that nobody received.
    code = alices.code(app)
    assert app.exchange(code).status_code == 200
    before = AccessToken.objects.count(), RefreshToken.objects.count()
    for _ in range(3):
        refused(app.exchange(code), "invalid_grant")
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == before


def test_a_code_belongs_to_its_application(
    app: App, alices: Browser, alice: Person, carol: Person
):
    code = alices.code(app)
    for other in (register(alice), register(carol), register(alice, type="spa")):
        refused(other.exchange(code), "invalid_grant")
    machine = register(alice, type="machine")
    refused(machine.exchange(code), "unauthorized_client")
    assert app.exchange(code).status_code == 200


def test_a_code_lives_for_a_minute(app: App, alices: Browser):
    code = alices.code(app)
    grant = newest_grant()
    lifetime = grant.expires - timezone.now()
    assert timedelta(seconds=50) < lifetime <= timedelta(seconds=60)
    Grant.objects.update(expires=timezone.now())
    refused(app.exchange(code), "invalid_grant")


def test_a_code_wants_the_address_that_it_was_asked_with(
    alice: Person, alices: Browser
):
    # RFC 6749 4.1.3.
    app = register(alice, redirect_uris=f"{CALLBACK} {OTHER}")
    code = alices.code(app)
    for wrong in (OTHER, f"{CALLBACK}/", f"{CALLBACK}?", CALLBACK.upper(), ""):
        answer = app.exchange(code, redirect_uri=wrong)
        assert answer.status_code == 400, wrong
        refused(answer, answer.json()["error"])
    assert app.exchange(code).status_code == 200


def test_a_code_may_leave_out_an_address_that_was_left_out(app: App, alices: Browser):
    code = alices.code(app, redirect_uri="")
    assert app.exchange(code, redirect_uri="").status_code == 200
    named = alices.code(app)
    answer = app.exchange(named, redirect_uri="")
    refused(answer, "invalid_grant")


def test_neither_codes_nor_tokens_stand_in_the_database(app: App, alices: Browser):
    # Section 1: codes stayed in clear even where tokens were hashed.
    code = alices.code(app)
    tokens = app.exchange(code).json()
    stored: list[Any] = []
    for model in (Grant, AccessToken, RefreshToken):
        stored += [list(row.values()) for row in model.objects.values()]
    texts = [code, tokens["access_token"], tokens["refresh_token"]]
    for text in texts:
        assert text not in str(stored)
        assert text.rpartition("_")[2] not in str(stored)


def test_a_code_is_no_token(app: App, alices: Browser):
    code = alices.code(app)
    assert api(code).status_code == 401
    assert not is_alive(app, code)
    refused(app.refresh(code), "invalid_grant")
    assert get("/oauth/userinfo", Authorization=f"Bearer {code}").status_code == 401


@pytest.mark.parametrize("length", [42, 129])
def test_a_verifier_has_43_to_128_characters(app, alices, length):
    """RFC 7636 4.1."""
    verifier = "a" * length
    hashed = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = alices.code(app, **asked)
    refused(app.exchange(code, code_verifier=verifier), "invalid_grant", 400)
