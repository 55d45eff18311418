"""A person with a second step uses a code of it before keys are made or given out."""

import pytest

from accounts.models import AuditEvent, Session
from tests.cast import send

STEP_UP = "/api/v1/auth/step-up"
KEYS = "/api/v1/api-keys"
FRESH = 15 * 60


@pytest.fixture
def app(alice, enrol):
    """Alice's authenticator. Her session is older than it, so no code was used in
    it."""
    return enrol(alice)


@pytest.fixture
def asked_for_code(refused):
    def check(answer):
        body = refused(answer, 403, "fresh_sign_in_required")
        assert "POST /api/v1/auth/step-up" in body["detail"]

    return check


@pytest.fixture
def refused():
    def check(answer, status, code):
        told = answer.status_code, answer.json().get("code")
        assert told == (status, code), answer.content
        return answer.json()

    return check


def make(who, name="CI"):
    return who.call("POST", KEYS, {"name": name, "scopes": ["scans_read"]})


def step_up(who, code):
    return who.call("POST", STEP_UP, {"totp_code": code})


def test_without_a_second_step_nothing_is_asked(alice, refused):
    assert make(alice).status_code == 201
    refused(step_up(alice, "123456"), 409, "totp_not_enrolled")


def test_a_code_opens_the_door_for_fifteen_minutes(clock, alice, app, asked_for_code):
    asked_for_code(make(alice))
    answer = step_up(alice, app.code())
    assert (answer.status_code, answer.content) == (204, b"")
    assert make(alice, "at once").status_code == 201
    clock.shift(FRESH)
    assert make(alice, "just in time").status_code == 201
    clock.shift(1)
    asked_for_code(make(alice, "late"))


@pytest.mark.parametrize("kind", ["digits", "recovery"])
def test_a_code_at_sign_in_is_as_good(clock, alice, app, asked_for_code, kind):
    code = app.code() if kind == "digits" else app.recovery_codes[0]
    answer = alice.log_in(totp_code=code)
    assert answer.status_code == 200
    alice.tokens = answer.json()
    assert make(alice).status_code == 201
    clock.shift(FRESH + 1)
    asked_for_code(make(alice, "late"))


def test_a_refresh_keeps_what_was_proven_and_when(clock, alice, app, asked_for_code):
    step_up(alice, app.code())
    clock.shift(FRESH - 1)
    body = {"refresh_token": alice.tokens["refresh_token"]}
    alice.tokens = send("POST", "/api/v1/auth/refresh", body).json()
    assert make(alice).status_code == 201
    clock.shift(2)
    asked_for_code(make(alice, "late"))


def test_a_code_counts_for_its_own_session_only(alice, app, asked_for_code):
    first = alice.tokens
    alice.sign_in()
    step_up(alice, app.code())
    assert make(alice).status_code == 201
    alice.tokens = first
    asked_for_code(make(alice, "elsewhere"))


def test_rotating_and_restoring_want_a_code_too(clock, alice, app, asked_for_code):
    step_up(alice, app.code())
    key_id = make(alice).json()["id"]
    clock.shift(FRESH + 1)
    asked_for_code(alice.call("POST", f"{KEYS}/{key_id}/rotate"))
    assert alice.call("DELETE", f"{KEYS}/{key_id}").status_code == 204
    asked_for_code(alice.call("POST", f"{KEYS}/{key_id}/restore"))
    step_up(alice, app.code())
    assert alice.call("POST", f"{KEYS}/{key_id}/restore").status_code == 200
    assert alice.call("POST", f"{KEYS}/{key_id}/rotate").status_code == 200


def test_what_ends_a_key_wants_none(clock, alice, app):
    step_up(alice, app.code())
    key_id = make(alice).json()["id"]
    body = {"grace_seconds": 3_600}
    assert alice.call("POST", f"{KEYS}/{key_id}/rotate", body).status_code == 200
    clock.shift(FRESH + 1)
    assert alice.call("POST", f"{KEYS}/{key_id}/rotate/finish").status_code == 200
    assert alice.call("DELETE", f"{KEYS}/{key_id}").status_code == 204


def test_a_key_is_asked_for_no_code(alice, app, issue):
    """Also one of a person who has a second step."""
    key = issue("api_keys_manage", "scans_read", owner=alice)[1]
    body = {"name": "made", "scopes": ["scans_read"]}
    assert send("POST", KEYS, body, X_API_KEY=key).status_code == 201


def test_a_key_proves_no_second_step(issue, refused):
    key = issue("api_keys_manage")[1]
    answer = send("POST", STEP_UP, {"totp_code": "123456"}, X_API_KEY=key)
    refused(answer, 403, "user_required")


def test_a_code_works_once(alice, app, refused):
    assert step_up(alice, app.code()).status_code == 204
    refused(step_up(alice, app.code()), 401, "invalid_totp_code")


def test_wrong_codes_are_braked_like_those_of_a_sign_in(clock, alice, app, refused):
    for _ in range(10):
        refused(step_up(alice, app.wrong()), 401, "invalid_totp_code")
    body = refused(step_up(alice, app.code()), 429, "too_many_attempts")
    assert body["retry_after"] > 0
    refused(alice.log_in(totp_code=app.code()), 429, "too_many_attempts")
    assert Session.objects.filter(second_step_at__isnull=False).count() == 0


def test_a_wrong_code_opens_nothing(alice, app, refused, asked_for_code):
    refused(step_up(alice, app.wrong()), 401, "invalid_totp_code")
    asked_for_code(make(alice))


def test_a_sign_in_on_a_page_counts_the_code_too(alice, app, browse):
    browser = browse()
    browser.log_in(alice)
    browser.fill_in("/login/code", totp_code=app.code())
    session = Session.objects.get(is_browser=True)
    assert session.second_step_at is not None


def test_a_step_up_is_in_the_audit_log(alice, app):
    step_up(alice, app.code())
    event = AuditEvent.objects.get(action="session.stepped_up")
    assert event.actor == alice.user.public_id
    assert event.target == event.credential
    assert event.organization == alice.organization
