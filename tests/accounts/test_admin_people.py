"""What operators do about people: out, in again, and back in without the second
factor."""

import pytest
from django.core import mail as django_mail
from django_otp_webauthn.models import WebAuthnCredential

from accounts import mail, totp
from accounts.models import AuditEvent, TrustedBrowser, User
from tests.operating import do, operate, promote
from tests.surfing import surf

TABLE = "accounts/user"
WHOAMI = "/api/v1/auth/whoami"


@pytest.fixture
def browser(carol):
    return operate(carol)


def test_who_is_disabled_is_out_and_comes_back(browser, bob, carol):
    bob.sign_in()
    do(browser, TABLE, "disable", bob.user, reason="asked by phone")
    assert bob.call("GET", WHOAMI).status_code == 401
    event = AuditEvent.objects.get(action="user.disabled")
    assert (event.actor, event.target) == (
        carol.user.public_id,
        bob.user.public_id,
    )
    assert event.details == {"reason": "asked by phone"}
    do(browser, TABLE, "enable", bob.user)
    assert User.objects.get(pk=bob.user.pk).is_active
    assert AuditEvent.objects.filter(action="user.enabled").count() == 1
    assert bob.call("GET", WHOAMI).status_code == 401


def test_a_reason_is_needed(browser, bob):
    answer = do(browser, TABLE, "disable", bob.user, reason="")
    assert "This field is required." in answer.content.decode()
    assert User.objects.get(pk=bob.user.pk).is_active


def test_a_deed_says_what_comes_of_it_before(browser, bob):
    body = {"action": "reset_factors", "_selected_action": [str(bob.user.pk)]}
    page = browser.post("/admin/accounts/user/", body).content.decode()
    assert "From then on the password alone" in page
    assert bob.user.email in page
    assert not AuditEvent.objects.filter(action="user.factors_reset").exists()


def test_a_lost_second_factor_is_taken_away_everywhere(browser, bob, enrol):
    enrol(bob)
    own = {"user": bob.user, "confirmed": True, "name": "Phone"}
    WebAuthnCredential.objects.create(
        **own, credential_id=b"1", public_key=b"1", sign_count=0
    )
    mail.wait()
    django_mail.outbox.clear()
    answer = do(browser, TABLE, "reset_factors", bob.user, reason="lost the phone")
    assert answer.status_code == 302
    assert not totp.is_on(bob.user)
    assert not bob.user.recovery_codes.exists()
    assert not WebAuthnCredential.objects.filter(user=bob.user).exists()
    assert not TrustedBrowser.objects.filter(user=bob.user).exists()
    assert bob.call("GET", WHOAMI).status_code == 401
    event = AuditEvent.objects.get(action="user.factors_reset")
    assert event.details == {"reason": "lost the phone", "passkeys": 1}


@pytest.mark.django_db(transaction=True)
def test_the_person_is_told_by_mail(carol, bob):
    do(operate(carol), TABLE, "reset_factors", bob.user, reason="lost the phone")
    mail.wait()
    [message] = django_mail.outbox
    assert message.to == [bob.user.email]
    assert message.subject == "Your second step was removed"


def test_nobody_takes_from_themselves_what_lets_them_in(browser, carol):
    do(browser, TABLE, "disable", carol.user, reason="oops")
    assert User.objects.get(pk=carol.user.pk).is_active
    page = browser.get("/admin/accounts/user/").content.decode()
    assert "You cannot disable yourself." in page
    path = f"/admin/{TABLE}/{carol.user.pk}/change/"
    browser.post(path, {"name": "Carol", "is_superuser": ""})
    assert User.objects.get(pk=carol.user.pk).is_superuser


def test_rights_are_given_to_others_and_audited(browser, bob):
    path = f"/admin/{TABLE}/{bob.user.pk}/change/"
    browser.post(path, {"name": bob.user.name, "is_staff": "on", "is_superuser": "on"})
    assert User.objects.get(pk=bob.user.pk).is_staff
    event = AuditEvent.objects.get(action="user.changed")
    assert event.details["after"] == {"is_staff": True, "is_superuser": True}


@pytest.mark.parametrize("deed", ["disable", "reset_factors", "end_sessions"])
def test_staff_without_rights_do_nothing(alice, bob, deed):
    User.objects.filter(pk=bob.user.pk).update(is_staff=True)
    browser = surf(bob, factors=["pwd", "otp"])
    answer = do(browser, TABLE, deed, alice.user, reason="x")
    assert answer.status_code == 403
    assert User.objects.get(pk=alice.user.pk).is_active
    assert "more rights" in browser.get("/admin/").content.decode()


def test_a_member_finds_no_admin(bob, alice):
    promote(alice)
    browser = surf(bob, factors=["pwd", "otp"])
    answer = browser.get(f"/admin/{TABLE}/", follow=True)
    assert answer.status_code == 404


def test_a_persons_own_words_are_no_markup(browser, bob):
    User.objects.filter(pk=bob.user.pk).update(name="<script>x</script>")
    for path in (f"/admin/{TABLE}/", f"/admin/{TABLE}/{bob.user.pk}/change/"):
        assert "<script>x" not in browser.get(path).content.decode()
