"""Many at the same moment: what works once works once, and nobody is harmed by it."""

from __future__ import annotations

from collections import Counter

import pytest

from accounts.models import AuditEvent
from oauth.models import AccessToken, Consent, Grant, RefreshToken
from tests.accounts.conftest import clock as clock
from tests.accounts.proving import Prover
from tests.oauth.conftest import App, Browser, register, sent_back
from tests.oauth.flows import (
    begin_device,
    let_in,
    lives,
    poll,
    push,
    register_with_key,
    scans,
    shown_consent,
    shown_device,
    tab,
)
from tests.oauth.speaking import assertion, call_proof, token_proof

# Many threads at once: `manage.py test --all` runs them.
pytestmark = pytest.mark.slow


def statuses(answers):
    return dict(Counter(answer.status_code for answer in answers))


def the_one(answers, times):
    """The tokens of the only success. The others are refused as RFC 6749 5.2 says."""
    assert statuses(answers) == {200: 1, 400: times - 1}
    for answer in answers:
        assert answer.headers["Content-Type"].startswith("application/json")
        if answer.status_code == 400:
            assert answer.json()["error"] == "invalid_grant"
    [tokens] = [answer.json() for answer in answers if answer.status_code == 200]
    return tokens


def token_rows():
    return AccessToken.objects.count(), RefreshToken.objects.count()


# Codes. The clock stands: a double submit is one within two seconds, and a slow machine
# takes longer for 64.


@pytest.mark.parametrize("scope", ["scans_read", "openid scans_read"])
def test_64_parallel_redemptions_of_a_code_fetch_tokens_once(
    app: App, alices: Browser, clock, crowd, scope
):
    code = alices.code(app, scope=scope)
    tokens = the_one(crowd(lambda: app.exchange(code)), 64)
    assert token_rows() == (1, 1)
    assert lives(tokens)
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_parallel_replays_of_a_code_end_its_tokens_once(
    app: App, alices: Browser, clock, crowd
):
    code = alices.code(app)
    tokens = app.exchange(code).json()
    clock.shift(3)
    answers = crowd(lambda: app.exchange(code), times=32)
    assert statuses(answers) == {400: 32}
    assert not lives(tokens)
    ended = AuditEvent.objects.filter(action="oauth_tokens.revoked")
    assert [event.details["reason"] for event in ended] == ["code_replayed"]


# Refresh tokens


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
@pytest.mark.parametrize("scope", ["scans_read", "openid scans_read"])
def test_64_parallel_refreshes_get_one_answer_and_its_tokens_live(
    alice, alices: Browser, crowd, token_format, scope
):
    app = register(alice, access_token_format=token_format)
    before = alices.tokens(app, scope=scope)
    answers = crowd(lambda: app.refresh(before["refresh_token"]))
    assert statuses(answers) == {200: 64}
    [body] = {answer.content for answer in answers}
    after = answers[0].json()
    assert ("id_token" in after) is scope.startswith("openid")
    assert body == answers[0].content
    assert token_rows() == (2, 2)
    assert lives(after)
    assert lives(before)
    assert app.refresh(after["refresh_token"]).status_code == 200


def test_parallel_reuse_ends_the_family_once(app: App, alices: Browser, crowd):
    first = alices.tokens(app)
    second = app.refresh(first["refresh_token"]).json()
    third = app.refresh(second["refresh_token"]).json()
    answers = crowd(lambda: app.refresh(first["refresh_token"]), times=32)
    assert statuses(answers) == {400: 32}
    assert not lives(third)
    ended = AuditEvent.objects.filter(action="oauth_tokens.revoked")
    assert [event.details["reason"] for event in ended] == ["refresh_token_reused"]


# Devices


def test_64_parallel_polls_of_an_allowed_device_fetch_tokens_once(
    app: App, alices: Browser, clock, crowd
):
    begun = begin_device(app)
    let_in(alices, shown_device(alices, begun))
    tokens = the_one(crowd(lambda: poll(app, begun)), 64)
    assert token_rows() == (1, 1)
    assert lives(tokens)
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_a_device_that_is_allowed_32_times_at_once_is_let_in_once(
    app: App, alices: Browser, crowd
):
    begun = begin_device(app)
    form = shown_device(alices, begun)
    page = "/oauth/device/allow"
    answers = crowd(lambda: tab(alices).post(page, form), times=32)
    # Who comes late finds no device that waits, and after ten of these, the brake.
    assert set(statuses(answers)) <= {200, 400, 429}
    assert 200 in statuses(answers)
    assert (Grant.objects.count(), Consent.objects.count()) == (1, 1)
    assert lives(poll(app, begun).json())


def test_a_device_is_allowed_or_denied_and_its_page_says_which(
    app: App, alices: Browser, crowd
):
    begun = begin_device(app)
    form = shown_device(alices, begun)
    turns = iter(["allow", "deny"] * 8)
    pages = crowd(lambda: tab(alices).post(f"/oauth/device/{next(turns)}", form), 16)
    told = {page.context["allowed"] for page in pages if page.status_code == 200}
    assert set(statuses(pages)) <= {200, 400, 429}
    answer = poll(app, begun)
    assert told == {answer.status_code == 200}


# Consent


def test_32_parallel_first_consents_are_one(app: App, alices: Browser, crowd):
    path, form = shown_consent(alices, app)
    answers = crowd(lambda: tab(alices).post(path, form), times=32)
    assert statuses(answers) == {303: 32}
    assert Consent.objects.standing().count() == Consent.objects.count() == 1
    assert AuditEvent.objects.filter(action="consent.given").count() == 1
    for answer in answers[:3]:
        assert lives(app.exchange(sent_back(answer)["code"]).json())


def test_a_pushed_request_is_answered_once(app: App, alices: Browser, crowd):
    query = {"request_uri": push(app), "redirect_uri": "", "response_type": ""}
    path, form = shown_consent(alices, app, **query, scope="", state="")
    answers = crowd(lambda: tab(alices).post(path, form), times=32)
    assert set(statuses(answers)) <= {303, 400}
    back = [sent_back(answer) for answer in answers if answer.status_code == 303]
    [code] = [given["code"] for given in back if "code" in given]
    assert {given.get("error") for given in back if "code" not in given} <= {
        "invalid_request"
    }
    assert Grant.objects.count() == 1
    assert app.exchange(code).status_code == 200


# Proofs


def test_an_assertion_proves_its_client_once(alice, crowd):
    app, prover = register_with_key(alice, type="machine")
    proof = assertion(app, prover)
    body = {"grant_type": "client_credentials", "scope": "scans_read", **proof}
    answers = crowd(lambda: app.token(**body), times=32)
    assert statuses(answers) == {200: 1, 401: 31}
    assert {answer.json().get("error") for answer in answers} == {
        None,
        "invalid_client",
    }


def test_a_dpop_proof_fetches_one_token_and_opens_one_request(alice, crowd):
    app, prover = register(alice, type="machine"), Prover()
    proof = token_proof(app, prover)
    body = {"grant_type": "client_credentials", "scope": "scans_read"}
    answers = crowd(lambda: app.token(proof, **body), times=32)
    assert statuses(answers) == {200: 1, 400: 31}
    assert {answer.json().get("error") for answer in answers} == {
        None,
        "invalid_dpop_proof",
    }
    [token] = [
        each.json()["access_token"] for each in answers if each.status_code < 300
    ]
    shown = call_proof(prover, token)
    calls = crowd(lambda: scans(token, "DPoP", **shown), times=32)
    assert statuses(calls) == {200: 1, 401: 31}
