"""Two-step sign-in on the pages: set up, prove, renew, turn off."""

import re

import pytest

from accounts.models import AuditEvent, RecoveryCode, Session, TotpDevice
from tests.accounts.conftest import Authenticator
from tests.cast import PASSWORD
from tests.surfing import age, surf

ENROL = "/settings/security/totp"
CONFIRM = "/settings/security/totp/confirm"
REMOVE = "/settings/security/totp/remove"
RENEW = "/settings/security/recovery-codes"
PROOF = "/settings/security/recovery-codes/proof"
FILE = "/settings/security/recovery-codes/file"
CODE = re.compile(r"\b[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b")
SECRET = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")


@pytest.fixture
def surfer(alice):
    return surf(alice)


def begin(surfer):
    page = surfer.post(ENROL).content.decode()
    return Authenticator(SECRET.search(page)[0].replace(" ", "")), page


def turned_on(surfer):
    """Her app, and the codes as the page showed them."""
    app, _page = begin(surfer)
    page = surfer.post(CONFIRM, {"totp_code": app.code(-1)}).content.decode()
    app.recovery_codes = sorted(set(CODE.findall(page)))
    return app


def test_the_picture_and_the_secret_stand_in_one_answer(surfer, clock):
    answer = surfer.post(ENROL)
    page = answer.content.decode()
    assert (
        answer["Cache-Control"].startswith("max-age=0")
        or "no-store" in (answer["Cache-Control"])
    )
    assert '<svg width="' in page
    assert 'stroke="#000"' in page
    assert 'fill="#fff"' in page
    assert "style=" not in page
    assert not SECRET.search(surfer.get("/settings/security").content.decode())


def test_a_first_code_turns_it_on_and_shows_ten_codes(alice, surfer, clock):
    app = turned_on(surfer)
    assert len(app.recovery_codes) == 10
    assert alice.log_in().json()["code"] == "totp_required"
    assert alice.log_in(totp_code=app.code()).status_code == 200


def test_a_wrong_code_shows_the_secret_to_nobody_again(surfer, clock):
    app, _page = begin(surfer)
    refused = surfer.post(CONFIRM, {"totp_code": app.wrong()})
    page = refused.content.decode()
    assert refused.status_code == 401
    assert "This code is not right" in page
    assert "<svg" not in page
    assert app.secret not in page.replace(" ", "")
    assert surfer.post(CONFIRM, {"totp_code": app.code()}).status_code == 200


def test_a_reload_of_the_codes_shows_none(surfer, clock):
    app, _page = begin(surfer)
    typed = {"totp_code": app.code()}
    assert CODE.search(surfer.post(CONFIRM, typed).content.decode())
    again = surfer.post(CONFIRM, typed)
    assert again.status_code == 409
    assert not CODE.search(again.content.decode())


def test_secrets_are_in_no_cookie_and_no_message(surfer, clock):
    app = turned_on(surfer)
    stored = str(surfer.cookies) + str(dict(surfer.session))
    assert app.secret not in stored
    assert not any(code in stored for code in app.recovery_codes)
    told = "".join(str(event.details) for event in AuditEvent.objects.all())
    assert not any(code in told for code in app.recovery_codes)


def test_people_may_type_the_code_with_a_space(surfer, clock):
    app, _page = begin(surfer)
    code = app.code()
    typed = {"totp_code": f" {code[:3]} {code[3:]} "}
    assert CODE.search(surfer.post(CONFIRM, typed).content.decode())


def test_an_old_sign_in_is_asked_who_it_is_first(surfer, clock):
    age(surfer.session_row)
    page = surfer.post(ENROL).content.decode()
    assert "Confirm it is you" in page
    assert not TotpDevice.objects.exists()
    shown = surfer.post(ENROL, {"confirm_password": PASSWORD}).content.decode()
    assert SECRET.search(shown)


def test_a_second_app_is_refused_with_what_to_do(alice, enrol):
    enrol(alice)
    surfer = surf(alice, factors=["pwd", "otp"])
    refused = surfer.post(ENROL)
    assert refused.status_code == 409
    assert "Remove the present authenticator" in refused.content.decode()


def test_the_code_that_turned_it_on_counts_as_the_second_step(surfer, clock):
    turned_on(surfer)
    row = Session.objects.get(pk=surfer.session_row.pk)
    assert row.second_step_at is not None
    # So the next page that asks who it is does not ask.
    assert surfer.get("/settings/confirm").status_code == 302


def test_one_of_the_codes_proves_that_they_were_saved(surfer, clock):
    app = turned_on(surfer)
    typed = app.recovery_codes[3].upper()
    answer = surfer.post(PROOF, {"totp_code": typed})
    assert answer["Location"] == "/settings/security"
    assert RecoveryCode.objects.filter(used_at=None).count() == 10
    assert "Your recovery codes are saved" in surfer.get("/settings/security").text


def test_a_code_of_somebody_else_proves_nothing(surfer, carol, clock):
    theirs = turned_on(surf(carol))
    turned_on(surfer)
    refused = surfer.post(PROOF, {"totp_code": theirs.recovery_codes[0]})
    assert refused.status_code == 401
    assert not CODE.search(refused.content.decode().split("<form")[0])


def test_guessing_at_the_proof_has_to_wait(surfer, clock):
    app = turned_on(surfer)
    for _ in range(10):
        surfer.post(PROOF, {"totp_code": "0000-0000-0000-0000"})
    assert surfer.post(PROOF, {"totp_code": app.recovery_codes[0]}).status_code == 429


def test_the_codes_can_be_kept_as_a_file(surfer, clock):
    codes = turned_on(surfer).recovery_codes
    answer = surfer.post(FILE, {"codes": " ".join(codes)})
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.decode().split() == codes


def test_the_file_holds_nothing_but_codes(surfer):
    sent = "<script>alert(1)</script> abcd " + " ".join(["0000-1111-2222-3333"] * 40)
    answer = surfer.post(FILE, {"codes": sent})
    assert b"script" not in answer.content
    assert b"abcd" not in answer.content
    assert len(answer.content.split()) <= 10


def test_new_codes_need_a_code_and_replace_the_old_ones(alice, enrol):
    app = enrol(alice)
    surfer = surf(alice)
    assert surfer.post(RENEW, {"totp_code": app.wrong()}).status_code == 401
    page = surfer.post(RENEW, {"totp_code": app.code()}).content.decode()
    fresh = set(CODE.findall(page))
    assert len(fresh) == 10
    assert not fresh & set(app.recovery_codes)
    assert surfer.post(PROOF, {"totp_code": app.recovery_codes[0]}).status_code == 401


def test_a_reload_makes_no_newer_codes(alice, enrol):
    app = enrol(alice)
    surfer = surf(alice)
    typed = {"totp_code": app.code()}
    surfer.post(RENEW, typed)
    before = set(RecoveryCode.objects.values_list("pk", flat=True))
    assert surfer.post(RENEW, typed).status_code == 401
    assert set(RecoveryCode.objects.values_list("pk", flat=True)) == before


def test_turning_it_off_needs_a_code(alice, enrol):
    app = enrol(alice)
    surfer = surf(alice)
    assert surfer.post(REMOVE, {"totp_code": app.wrong()}).status_code == 401
    assert TotpDevice.objects.exists()
    assert surfer.post(REMOVE, {"totp_code": app.code()})["Location"] == (
        "/settings/security"
    )
    assert not TotpDevice.objects.exists()
    assert alice.log_in().status_code == 200


@pytest.mark.parametrize("path", [REMOVE, RENEW])
def test_without_a_second_step_there_is_nothing_to_turn_off(surfer, path):
    for answer in (surfer.get(path), surfer.post(path, {"totp_code": "123456"})):
        assert answer.status_code == 409
        assert "You have no second step yet." in answer.content.decode()


@pytest.mark.parametrize("path", [ENROL, CONFIRM, PROOF, FILE])
def test_a_get_begins_nothing(surfer, path):
    assert surfer.get(path).status_code == 405
    assert not TotpDevice.objects.exists()


@pytest.mark.parametrize("path", [ENROL, CONFIRM, REMOVE, RENEW, PROOF, FILE])
def test_a_stranger_is_sent_to_the_sign_in_page(client, path):
    assert client.post(path)["Location"].startswith("/login?next=")


@pytest.mark.parametrize("path", [CONFIRM, REMOVE, RENEW, PROOF])
def test_odd_codes_are_refused_and_not_understood_otherwise(alice, enrol, path):
    enrol(alice)
    surfer = surf(alice)
    for odd in ("", "x" * 65, "\u0661\u0662\u0663\u0664\u0665\u0666", "-1", "1e5"):
        answer = surfer.post(path, {"totp_code": odd})
        assert answer.status_code in (200, 401, 409), odd
    assert TotpDevice.objects.filter(confirmed=True).exists()
