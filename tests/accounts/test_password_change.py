"""Who knows the present password can choose another one."""

import pytest

from accounts.models import AuditEvent, PasswordReset
from tests.cast import PASSWORD, send

PATH = "/api/v1/auth/password"
NEW = "walnut kayak 77 comet"


def change(person, current=PASSWORD, new=NEW, **extra):
    body = {"current_password": current, "new_password": new, **extra}
    return person.call("POST", PATH, body)


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_the_new_password_signs_in_and_the_old_one_does_not(alice):
    assert change(alice).status_code == 204
    assert alice.log_in().status_code == 401
    alice.password = NEW
    assert alice.log_in().status_code == 200


def test_a_wrong_present_password_changes_nothing(alice):
    assert refusal(change(alice, current="wrong")) == (400, "wrong_password")
    assert alice.log_in().status_code == 200


def test_guessing_at_the_present_password_has_to_wait(alice, clock):
    for _ in range(10):
        change(alice, current="wrong")
    refused = change(alice)
    assert refusal(refused) == (429, "too_many_attempts")
    assert int(refused["Retry-After"]) > 0


def test_guesses_here_and_at_the_sign_in_share_one_brake(alice, clock):
    for _ in range(10):
        change(alice, current="wrong")
    assert alice.log_in().status_code == 429


def test_other_sessions_and_browsers_end_and_this_one_stays(alice, browse):
    browser, other, _here = browse(), alice.sign_in(), alice.sign_in()
    browser.log_in(alice)
    assert change(alice).status_code == 204
    assert alice.call("GET", "/api/v1/auth/whoami").status_code == 200
    assert "Signed in as" not in browser.read("/")
    alice.tokens = other
    assert alice.call("GET", "/api/v1/auth/whoami").status_code == 401


def test_keys_stay(alice, issue, call):
    _api_key, of_organization = issue("scans_read")
    _api_key, personal = issue("scans_read", owner=alice)
    assert change(alice).status_code == 204
    assert call(of_organization).status_code == call(personal).status_code == 200


def test_two_step_sign_in_stays(alice, enrol):
    enrol(alice)
    assert change(alice).status_code == 204
    alice.password = NEW
    assert alice.log_in().json()["code"] == "totp_required"


def test_a_way_to_reset_the_password_dies_with_the_change(alice, post):
    with post() as mails:
        send("POST", f"{PATH}/reset", {"email": alice.user.email})
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    change(alice)
    body = {"token": token, "new_password": "another plum 9 lantern"}
    refused = send("POST", f"{PATH}/reset/confirm", body)
    assert refusal(refused) == (400, "invalid_token")
    assert not PasswordReset.objects.filter(used_at=None).exists()


def test_the_person_is_told_by_mail(alice, post):
    with post() as mails:
        change(alice)
    [mail] = mails
    assert (mail.subject, mail.to) == ("Your password was changed", [alice.user.email])
    assert NEW not in mail.body
    assert PASSWORD not in mail.body


def test_a_change_is_written_down_once_and_a_refusal_is_not(alice):
    change(alice, current="wrong")
    change(alice, new="short")
    change(alice)
    event = AuditEvent.objects.get(action="password.changed")
    assert event.actor == event.target == alice.user.public_id
    assert AuditEvent.objects.filter(action="sessions.ended").count() == 1


def test_a_key_cannot_change_a_password(alice, issue, call):
    _api_key, key = issue("api_keys_manage", owner=alice)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert refusal(call(key, "POST", PATH, body)) == (403, "user_required")
    assert send("POST", PATH, body).status_code == 401
    assert alice.log_in().status_code == 200


@pytest.mark.parametrize("field", ["current_password", "new_password"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"], {"a": 1}, True, "x" * 1025])
def test_a_malformed_change_is_refused_by_its_field(alice, field, value):
    body = {"current_password": PASSWORD, "new_password": NEW, field: value}
    refused = alice.call("POST", PATH, body)
    assert refusal(refused) == (400, "invalid_request")
    assert refused.json()["errors"][0]["field"] == field
