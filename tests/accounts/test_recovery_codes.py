"""Ten recovery codes, each for one use, shown when they are made and never again."""

import re

import pytest

from accounts.models import AuditEvent, RecoveryCode

RENEW = "/api/v1/auth/totp/recovery-codes"


def renew(person, code):
    return person.call("POST", RENEW, {"totp_code": code})


def test_codes_are_four_groups_that_are_easy_to_copy(alice, enrol):
    for code in enrol(alice).recovery_codes:
        assert re.fullmatch(r"[0-9a-z]{4}(-[0-9a-z]{4}){3}", code)
        assert not set("ilou") & set(code)


def test_each_code_works_once(alice, enrol):
    codes = enrol(alice).recovery_codes
    for code in codes[:3]:
        assert alice.log_in(totp_code=code).status_code == 200
    for code in codes[:3]:
        assert alice.log_in(totp_code=code).status_code == 401
    assert alice.log_in(totp_code=codes[3]).status_code == 200


@pytest.mark.parametrize(
    "spell",
    [str.upper, "{} ".format, " {}".format, lambda code: code.replace("-", "")],
    ids=["upper case", "space after", "space before", "without hyphens"],
)
def test_another_spelling_is_another_code(alice, enrol, spell):
    code = enrol(alice).recovery_codes[0]
    if spell(code) == code:
        pytest.skip("a code of digits only has no upper case")
    assert alice.log_in(totp_code=spell(code)).status_code == 401
    assert alice.log_in(totp_code=code).status_code == 200


def test_new_codes_replace_those_left(alice, enrol):
    app = enrol(alice)
    answer = renew(alice, app.code())
    assert answer.status_code == 200
    new = answer.json()["recovery_codes"]
    assert len(set(new) - set(app.recovery_codes)) == 10
    assert alice.log_in(totp_code=app.recovery_codes[5]).status_code == 401
    assert alice.log_in(totp_code=new[5]).status_code == 200


def test_new_codes_need_a_code(alice, enrol):
    app = enrol(alice)
    assert renew(alice, app.wrong()).status_code == 401
    assert alice.log_in(totp_code=app.recovery_codes[5]).status_code == 200


def test_the_last_recovery_code_can_buy_new_ones(alice, enrol):
    codes = enrol(alice).recovery_codes
    RecoveryCode.objects.exclude(pk=RecoveryCode.objects.earliest("pk").pk).delete()
    assert renew(alice, codes[0]).status_code == 200
    assert RecoveryCode.objects.filter(used_at=None).count() == 10


def test_codes_are_not_readable_where_they_are_kept(alice, enrol):
    codes = enrol(alice).recovery_codes
    kept = b"".join(bytes(row.digest) for row in RecoveryCode.objects.all())
    for code in codes:
        assert code.encode() not in kept
        assert code.replace("-", "").encode() not in kept


def test_the_use_of_a_code_is_written_down_and_mailed(alice, enrol, post):
    code = enrol(alice).recovery_codes[0]
    with post() as mails:
        alice.log_in(totp_code=code)
        alice.log_in(totp_code=code)
    assert [mail.subject for mail in mails] == ["A recovery code was used"]
    assert code not in mails[0].body
    event = AuditEvent.objects.get(action="recovery_code.used")
    assert event.target == alice.user.public_id
    assert code not in str(event.details)


def test_a_code_of_who_removed_the_authenticator_is_worth_nothing(alice, enrol):
    codes = enrol(alice).recovery_codes
    body = {"totp_code": codes[0]}
    assert alice.call("POST", "/api/v1/auth/totp/remove", body).status_code == 204
    enrol(alice)
    assert alice.log_in(totp_code=codes[1]).status_code == 401
