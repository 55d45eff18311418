"""How somebody turns two-step sign-in on and off."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from accounts.models import RecoveryCode, TotpDevice
from tests.accounts.conftest import Authenticator

TOTP = "/api/v1/auth/totp"
CONFIRM = "/api/v1/auth/totp/confirm"
REMOVE = "/api/v1/auth/totp/remove"
RENEW = "/api/v1/auth/totp/recovery-codes"


def begin(person):
    return Authenticator(person.call("POST", TOTP).json()["secret"])


def send_code(person, path, code):
    return person.call("POST", path, {"totp_code": code})


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_enrolling_shows_the_secret_and_what_the_qr_code_holds(alice):
    answer = alice.call("POST", TOTP)
    assert answer.status_code == 201
    assert set(answer.json()) == {"secret", "otpauth_uri"}
    assert answer["Cache-Control"] == "no-store"
    address = urlsplit(answer.json()["otpauth_uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == f"/NetRecon:{alice.user.email}"
    told = {"secret": [answer.json()["secret"]], "issuer": ["NetRecon"]}
    assert parse_qs(address.query) == told


def test_the_secret_has_160_bits_and_differs_each_time(alice):
    secrets = {begin(alice).secret for _ in range(5)}
    assert len(secrets) == 5
    assert {len(secret) for secret in secrets} == {32}


def test_confirming_by_a_code_turns_it_on_and_shows_recovery_codes(alice, clock):
    app = begin(alice)
    answer = send_code(alice, CONFIRM, app.code())
    assert answer.status_code == 200
    codes = answer.json()["recovery_codes"]
    assert len(codes) == len(set(codes)) == 10
    assert alice.log_in().json()["code"] == "totp_required"


def test_a_wrong_code_confirms_nothing(alice, clock):
    app = begin(alice)
    refused = send_code(alice, CONFIRM, app.wrong())
    assert refusal(refused) == (401, "invalid_totp_code")
    assert alice.log_in().status_code == 200
    assert send_code(alice, CONFIRM, app.code()).status_code == 200


def test_guessing_at_the_first_code_has_to_wait_as_well(alice, clock):
    app = begin(alice)
    for _ in range(10):
        send_code(alice, CONFIRM, app.wrong())
    assert send_code(alice, CONFIRM, app.code()).status_code == 429


def test_enrolling_anew_replaces_the_secret_that_was_not_confirmed(alice, clock):
    first, second = begin(alice), begin(alice)
    assert send_code(alice, CONFIRM, first.code()).status_code == 401
    assert send_code(alice, CONFIRM, second.code()).status_code == 200


def test_confirming_without_enrolling_is_refused(alice):
    assert refusal(send_code(alice, CONFIRM, "123456")) == (409, "totp_not_enrolled")


def test_a_second_authenticator_is_refused_while_one_is_on(alice, enrol):
    app = enrol(alice)
    assert refusal(alice.call("POST", TOTP)) == (409, "totp_already_on")
    assert alice.log_in(totp_code=app.code()).status_code == 200


def test_removing_needs_a_code_and_takes_everything_away(alice, enrol):
    app = enrol(alice)
    assert send_code(alice, REMOVE, app.wrong()).status_code == 401
    assert TotpDevice.objects.exists()
    assert send_code(alice, REMOVE, app.code()).status_code == 204
    assert not TotpDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert alice.log_in().status_code == 200


def test_a_recovery_code_removes_it_too(alice, enrol):
    app = enrol(alice)
    assert send_code(alice, REMOVE, app.recovery_codes[0]).status_code == 204


def test_what_was_removed_does_not_come_back_with_the_next_authenticator(alice, enrol):
    old = enrol(alice)
    send_code(alice, REMOVE, old.code())
    new = enrol(alice)
    assert alice.log_in(totp_code=old.code(1)).status_code == 401
    assert alice.log_in(totp_code=old.recovery_codes[0]).status_code == 401
    assert alice.log_in(totp_code=new.code()).status_code == 200


def test_one_persons_second_step_is_not_anothers(alice, bob, enrol):
    enrol(alice)
    assert bob.log_in().status_code == 200
    assert refusal(send_code(bob, REMOVE, "123456")) == (401, "invalid_totp_code")
    assert alice.log_in().json()["code"] == "totp_required"


@pytest.mark.parametrize("path", [TOTP, CONFIRM, REMOVE, RENEW])
def test_a_sign_in_of_long_ago_is_not_enough(alice, clock, path):
    alice.sign_in()
    clock.shift(15 * 60 + 1)
    refused = alice.call("POST", path, {} if path == TOTP else {"totp_code": "123456"})
    assert refusal(refused) == (403, "fresh_sign_in_required")


@pytest.mark.parametrize("path", [TOTP, CONFIRM, REMOVE, RENEW])
def test_a_refresh_does_not_make_a_sign_in_fresh(alice, clock, path):
    tokens = alice.sign_in()
    clock.shift(15 * 60 + 1)
    body = {"refresh_token": tokens["refresh_token"]}
    alice.tokens = alice.call("POST", "/api/v1/auth/refresh", body).json()
    refused = alice.call("POST", path, {} if path == TOTP else {"totp_code": "123456"})
    assert refusal(refused) == (403, "fresh_sign_in_required")


@pytest.mark.parametrize("path", [TOTP, CONFIRM, REMOVE, RENEW])
def test_a_key_cannot_touch_a_persons_second_step(issue, alice, call, path):
    _api_key, key = issue("api_keys_manage", owner=alice)
    refused = call(key, "POST", path, {"totp_code": "123456"})
    assert refusal(refused) == (403, "user_required")


def test_turning_it_on_and_off_is_told_by_mail(alice, enrol, post):
    with post() as mails:
        app = enrol(alice)
        send_code(alice, REMOVE, app.code())
    assert [mail.subject for mail in mails] == [
        "Two-step sign-in is on",
        "Two-step sign-in is off",
    ]
    assert all(mail.to == [alice.user.email] for mail in mails)
