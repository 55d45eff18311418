"""With two-step sign-in on, a password alone opens nothing."""

import pytest

from accounts.models import AuditEvent, Session
from tests.cast import send


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_without_a_code_the_answer_asks_for_one(alice, enrol):
    enrol(alice)
    before = Session.objects.count()
    answer = alice.log_in()
    assert refusal(answer) == (401, "totp_required")
    assert "token" not in answer.content.decode()
    assert Session.objects.count() == before


def test_a_wrong_code_is_refused(alice, enrol):
    app = enrol(alice)
    assert refusal(alice.log_in(totp_code=app.wrong())) == (401, "invalid_totp_code")


def test_the_right_code_signs_in_with_both_factors(alice, enrol):
    app = enrol(alice)
    assert alice.log_in(totp_code=app.code()).status_code == 200
    assert Session.objects.latest("id").factors == ["pwd", "otp"]


def test_a_recovery_code_signs_in_too(alice, enrol):
    code = enrol(alice).recovery_codes[3]
    assert alice.log_in(totp_code=code).status_code == 200


def test_with_a_wrong_password_a_right_code_is_not_even_used(alice, enrol):
    app = enrol(alice)
    body = {"email": alice.user.email, "password": "wrong", "totp_code": app.code()}
    refused = send("POST", "/api/v1/auth/login", body)
    assert refusal(refused) == (401, "invalid_login")
    assert alice.log_in(totp_code=app.code()).status_code == 200


def test_the_code_of_somebody_else_is_refused(alice, bob, enrol):
    hers, his = enrol(alice), enrol(bob)
    assert refusal(alice.log_in(totp_code=his.code()))[0] == 401
    assert refusal(alice.log_in(totp_code=his.recovery_codes[0]))[0] == 401
    assert alice.log_in(totp_code=hers.code()).status_code == 200


def test_a_code_of_who_has_no_second_step_does_no_harm(bob):
    assert bob.log_in(totp_code="123456").status_code == 200


def test_an_authenticator_that_was_never_confirmed_is_not_asked_for(alice):
    assert alice.call("POST", "/api/v1/auth/totp").status_code == 201
    assert alice.log_in().status_code == 200


def test_a_refused_code_is_written_down_although_the_request_failed(alice, enrol):
    app = enrol(alice)
    refused = alice.log_in(totp_code=app.wrong())
    event = AuditEvent.objects.get(action="totp.refused")
    assert event.target == alice.user.public_id
    assert event.request_id == refused.json()["request_id"]
    assert app.wrong() not in str(event.details)


@pytest.mark.parametrize(
    "code",
    [123456, 123456.0, True, ["123456"], {"code": "123456"}, "", "1" * 65],
    ids=repr,
)
def test_a_code_that_is_no_text_is_refused_by_its_field(alice, enrol, code):
    enrol(alice)
    refused = alice.log_in(totp_code=code)
    assert refusal(refused) == (400, "invalid_request")
    assert refused.json()["errors"][0]["field"] == "totp_code"
