"""Every change of a sign-in writes one event, in the transaction of the change."""

import json

import pytest

from accounts.models import AuditEvent, Session
from tests.cast import PASSWORD, send

NEW = "walnut kayak 77 comet"


@pytest.fixture
def written(events):
    """written(action, ...) -> the events that doing all this added."""

    def run(*actions):
        before = len(events())
        for action in actions:
            action()
        return events()[before:]

    return run


@pytest.fixture
def act(alice):
    """act("POST", "/totp", totp_code="…") -> a call of alice's below /api/v1/auth."""
    alice.sign_in()

    def later(method, path, **body):
        return lambda: alice.call(method, f"/api/v1/auth{path}", body or None)

    return later


def test_enrolling_and_confirming(act, written, alice, enrol):
    assert written(lambda: enrol(alice)) == ["totp.enrolled", "totp.confirmed"]


def test_a_wrong_first_code_and_a_right_one(act, written, alice, enrol):
    app = enrol(alice)
    wrong = act("POST", "/totp/remove", totp_code=app.wrong())
    right = act("POST", "/totp/remove", totp_code=app.code())
    assert written(wrong) == ["totp.refused"]
    assert written(right) == ["totp.removed"]


def test_new_recovery_codes(act, written, alice, enrol):
    app = enrol(alice)
    renew = act("POST", "/totp/recovery-codes", totp_code=app.code())
    assert written(renew) == ["recovery_codes.renewed"]


def test_a_recovery_code_that_removes_the_authenticator(act, written, alice, enrol):
    app = enrol(alice)
    remove = act("POST", "/totp/remove", totp_code=app.recovery_codes[0])
    assert written(remove) == ["recovery_code.used", "totp.removed"]


def test_a_password_change(act, written):
    change = act("POST", "/password", current_password=PASSWORD, new_password=NEW)
    assert written(change) == ["sessions.ended", "password.changed"]


def test_signing_out(act, written):
    assert written(act("POST", "/logout")) == ["session.ended"]
    assert written(act("POST", "/logout")) == []


def test_signing_out_everywhere_else(act, written):
    assert written(act("DELETE", "/sessions")) == ["sessions.ended"]


def test_what_changes_nothing_writes_nothing(act, written, alice):
    refused = act("POST", "/password", current_password="x", new_password=NEW)
    assert (
        written(
            act("GET", "/whoami"),
            act("GET", "/sessions"),
            act("DELETE", "/sessions/ses_x"),
            act("POST", "/totp/confirm", totp_code="123456"),
            refused,
        )
        == []
    )


def test_signing_in_and_refreshing_are_told_by_their_own_rows(alice, written):
    def sign_in_and_refresh():
        tokens = alice.log_in().json()
        body = {"refresh_token": tokens["refresh_token"]}
        assert send("POST", "/api/v1/auth/refresh", body).status_code == 200

    assert written(sign_in_and_refresh) == []
    assert Session.objects.get().refresh_digest is not None


def test_a_browser_that_signs_in_and_out(alice, browse, written):
    browser = browse()
    assert written(lambda: browser.log_in(alice)) == []
    out = written(lambda: browser.fill_in("/logout", page="/"))
    assert out == ["session.ended"]


def test_an_event_names_who_did_it_with_what_from_where(alice, act):
    answer = act("DELETE", "/sessions")()
    event = AuditEvent.objects.get(action="sessions.ended")
    assert event.actor == event.target == alice.user.public_id
    assert event.credential == Session.objects.get().public_id
    assert event.address == "127.0.0.1"
    assert event.request_id == answer["X-Request-Id"]


def test_a_browsers_event_names_the_person_too(alice, browse):
    browser = browse()
    browser.log_in(alice)
    browser.fill_in("/logout", page="/")
    event = AuditEvent.objects.get(action="session.ended")
    assert event.actor == alice.user.public_id


def test_no_event_holds_a_secret(alice, act, enrol, post):
    app = enrol(alice)
    secrets = [PASSWORD, NEW, app.secret, app.code(), *app.recovery_codes]
    secrets += [alice.tokens["access_token"], alice.tokens["refresh_token"]]
    alice.log_in(totp_code=app.recovery_codes[0])
    act("POST", "/totp/recovery-codes", totp_code=app.code())()
    act("POST", "/password", current_password=PASSWORD, new_password=NEW)()
    act("POST", "/logout")()
    told = json.dumps(list(AuditEvent.objects.values()), default=str)
    assert not [secret for secret in secrets if secret in told]


def test_events_are_only_added(alice):
    alice.call("POST", "/api/v1/auth/logout")
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        alice.tokens = {}
        assert alice.call(method, "/api/v1/audit-events").status_code == 405
