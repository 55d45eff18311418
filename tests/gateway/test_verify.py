"""A service asks whether a credential is valid, and whether it may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import jwk
from accounts.authentication import credential_of, sessions
from accounts.credentials import kinds
from accounts.models import Session
from apikeys.models import ApiKey
from tests.accounts.bound import bindable
from tests.accounts.proving import Prover
from tests.apikeys.endings import deactivate, suspend
from tests.cast import send
from tests.gateway.conftest import CLIENT, VERIFY
from tests.oauth.conftest import Browser, register

NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)
UNKNOWN = {
    "valid": False,
    "allowed": False,
    "code": "invalid_credential",
    "required_scope": None,
    "credential": None,
    "rate_limit": None,
}


def test_a_valid_credential_is_explained_as_by_whoami(issue, ask, call):
    key = issue("scans_read")[1]
    verdict = ask(key)
    assert verdict["credential"] == call(key, path="/api/v1/auth/whoami").json()
    assert (verdict["valid"], verdict["allowed"], verdict["code"]) == (True, True, None)
    assert verdict["rate_limit"].keys() == {"limit", "remaining", "reset"}


def test_sessions_and_applications_are_judged_too(alice, ask):
    token = alice.sign_in()["access_token"]
    app = register(alice, type="machine", scopes=["scans_read"])
    machine = app.token(grant_type="client_credentials", scope="scans_read").json()
    browser = Browser(alice).sign_in()
    persons = browser.tokens(register(alice))["access_token"]
    found = [
        ask(text, scope="scans_read")
        for text in (token, machine["access_token"], persons)
    ]
    assert [verdict["allowed"] for verdict in found] == [True] * 3
    kinds_found = [verdict["credential"]["kind"] for verdict in found]
    assert kinds_found == ["session", "oauth", "oauth"]


def test_a_scope_that_is_missing_is_named(issue, ask):
    verdict = ask(issue("scans_read")[1], scope="scans_write")
    assert (verdict["valid"], verdict["allowed"]) == (True, False)
    assert verdict["code"] == "insufficient_scope"
    assert verdict["required_scope"] == "scans_write"


def test_a_scope_that_is_suspended_is_missing(issue, ask, bob):
    key = issue("scans_write", owner=bob)[1]
    assert ask(key, scope="scans_write")["allowed"]
    bob.membership.role = "viewer"
    bob.membership.save()
    assert ask(key, scope="scans_write")["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v1/scans", None),
        ("HEAD", "/api/v1/scans", None),
        ("GET", "/api/v1/scans/scan_1", None),
        ("POST", "/api/v1/scans", "insufficient_scope"),
        ("POST", "/api/v1/scans/scan_1/stop", "insufficient_scope"),
        ("DELETE", "/api/v1/api-keys/key_1", "insufficient_scope"),
        ("GET", "/api/v1/nowhere", "no_route"),
        ("get", "/api/v1/scans", "no_route"),
        ("GET", "/api/v1/scans/", "no_route"),
        ("GET", "/api/v1/%73cans", "no_route"),
    ],
)
def test_a_request_needs_what_the_product_file_says(issue, ask, method, path, code):
    verdict = ask(issue("scans_read")[1], method=method, path=path)
    assert (verdict["allowed"], verdict["code"]) == (code is None, code)


# The dead


def _revoke(rows):
    rows.revoke("unused")


def _disable(rows):
    rows.update(disabled_at=timezone.now())


def _expire(rows):
    rows.update(expires_at=timezone.now() - timedelta(seconds=1))


ENDINGS = {
    "key_revoked": _revoke,
    "key_disabled": _disable,
    "key_expired": _expire,
    "owner_inactive": deactivate,
    "organization_suspended": suspend,
}


@pytest.mark.parametrize("code", ENDINGS)
def test_a_dead_key_is_not_valid_and_the_code_says_why(
    issue, ask, carol, service, code
):
    api_key, key = issue("scans_read", owner=carol)
    ENDINGS[code](ApiKey.objects.filter(pk=api_key.pk))
    assert ask(key, by=service) == {**UNKNOWN, "code": code}
    assert ask(key) == UNKNOWN


def test_an_ended_session_and_an_old_token(alice, bob, judge, ask):
    token = bob.sign_in()["access_token"]
    bob.call("POST", "/api/v1/auth/logout")
    assert ask(token)["code"] == "session_ended"
    token = bob.sign_in()["access_token"]
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert ask(token)["code"] == "token_expired"


# Who sees what


def test_what_a_judge_may_not_see_is_unknown(issue, ask, carol, nadia, service):
    texts = [
        issue("scans_read", owner=nadia)[1],
        carol.sign_in()["access_token"],
        issue("scans_read", owner=carol)[1],
        "nr_live_" + "0" * 48,
        "hello",
        "",
        "x" * 20_000,
    ]
    assert [ask(text) for text in texts] == [UNKNOWN] * len(texts)
    assert ask(texts[0], by=service) == UNKNOWN
    assert ask(texts[1], by=service)["valid"]
    assert ask(texts[2], by=service)["valid"]


def test_a_product_is_judged_by_its_own_service_only(issue, ask, nadia, operators_key):
    service = operators_key(nadia.organization, "admin")
    assert ask(issue("scans_read")[1], by=service) == UNKNOWN
    dead, key = issue("scans_read")
    ApiKey.objects.filter(pk=dead.pk).revoke("unused")
    assert ask(key, by=service) == UNKNOWN


def test_only_who_may_judge_may_ask(issue, bob, alice, carol):
    question = {"credential": issue("scans_read")[1]}
    for refused in (
        bob.call("POST", VERIFY, question),
        send("POST", VERIFY, question, X_API_KEY=issue("scans_read")[1]),
    ):
        assert refused.status_code == 403
        assert refused.json()["missing"] == ["api_keys_manage"]
    assert send("POST", VERIFY, question).status_code == 401
    assert alice.call("POST", VERIFY, question).json()["valid"]
    assert carol.call("POST", VERIFY, question).json() == UNKNOWN


def test_an_answer_never_shows_the_credential(issue, alice):
    key = issue("scans_read")[1]
    assert key not in alice.call("POST", VERIFY, {"credential": key}).content.decode()


def test_a_sandbox_judge_is_told_of_the_mismatch(issue, ask):
    sandbox = issue("api_keys_manage", environment="test")[1]
    verdict = ask(issue("scans_read")[1], by=sandbox)
    assert (verdict["valid"], verdict["allowed"]) == (True, False)
    assert verdict["code"] == "environment_mismatch"
    assert ask(issue("scans_read", environment="test")[1], by=sandbox)["allowed"]


def test_a_sandbox_key_is_told_by_its_environment(issue, ask):
    verdict = ask(issue("scans_read", environment="test")[1], scope="scans_read")
    assert verdict["allowed"]
    assert verdict["credential"]["environment"] == "test"


def test_a_bound_token_is_valid_and_allowed_nothing(settings, alice, ask):
    alice.sign_in()
    end = timezone.now() + timedelta(hours=1)
    credential = credential_of(Session.objects.with_people().get(), expires_at=end)
    thumbprint = jwk.thumbprint(Prover().jwk)
    bindable.issued = {"bindable_x": replace(credential, key_thumbprint=thumbprint)}
    ours = "tests.accounts.bound.bindable"
    settings.CREDENTIAL_KINDS = [*settings.CREDENTIAL_KINDS, ours]
    kinds.cache_clear()
    try:
        verdict = ask("bindable_x", scope="scans_read")
    finally:
        kinds.cache_clear()
    assert sessions.name == verdict["credential"]["kind"]
    assert (verdict["valid"], verdict["allowed"]) == (True, False)
    assert verdict["code"] == "proof_required"


# Addresses


@pytest.mark.parametrize(
    ("ip", "code"),
    [
        (CLIENT, None),
        (f"::ffff:{CLIENT}", None),
        ("2001:db8::1", None),
        ("2001:db8::1%eth0", None),
        ("198.51.100.1", "ip_not_allowed"),
        ("2001:db9::1", "ip_not_allowed"),
        (None, "ip_required"),
    ],
)
def test_a_list_of_addresses_is_judged_by_the_given_one(issue, ask, ip, code):
    listed = ("203.0.113.0/24", "2001:db8::/32")
    key = issue("scans_read", allowed_ips=listed)[1]
    verdict = ask(key, ip=ip)
    assert (verdict["valid"], verdict["allowed"]) == (True, code is None)
    assert verdict["code"] == code


def test_a_list_on_trial_refuses_nobody(issue, ask):
    key = issue("scans_read", allowed_ips=("198.51.100.0/24",), ip_mode="report")[1]
    assert ask(key, ip=CLIENT)["allowed"]
    assert ask(key)["allowed"]


# What cannot be asked


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"scope": "nope"}, "scope"),
        ({"scope": "scan:read"}, "scope"),
        ({"method": "GET"}, "path"),
        ({"path": "/"}, "method"),
        ({"scope": "scans_read", "method": "GET", "path": "/x"}, "scope"),
        ({"ip": "here"}, "ip"),
        ({"cost": -1}, "cost"),
        ({"cost": 1001}, "cost"),
        ({"cost": "1"}, "cost"),
        ({"environment": "live"}, "environment"),
    ],
)
def test_a_question_that_makes_no_sense(alice, question, field):
    answer = alice.call("POST", VERIFY, {"credential": "nr_live_", **question})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
