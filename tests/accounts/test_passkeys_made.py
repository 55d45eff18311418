"""Making, renaming and removing passkeys, and using them where somebody is known."""

import pytest
from django_otp_webauthn.models import WebAuthnAttestation

from accounts import passkeys
from accounts.audit import SYSTEM
from accounts.models import Session, User
from accounts.problems import Problem
from tests.accounts.soft_passkeys import (
    CONFIRM,
    PRESENT,
    REGISTER,
    SECOND_STEP,
    SIGN_IN,
    Device,
    PasskeyBrowser,
)
from tests.cast import PASSWORD
from tests.surfing import age, cookie_of, surf

CONFIRM_PAGE = "/settings/confirm?next=/settings/sessions"


def browser_of(person):
    browser = PasskeyBrowser()
    browser.session_row = surf(person).session_row
    browser.cookies["session"] = cookie_of(browser.session_row)
    return browser


@pytest.fixture
def browser(alice):
    return browser_of(alice)


def test_a_new_passkey_is_named_told_and_written_down(alice, browser, events, post):
    with post() as mails:
        assert browser.add(Device()).status_code == 201
    passkey = passkeys.of(alice.user).get()
    assert (passkey.name, passkey.confirmed) == ("Unknown program", True)
    assert events()[-1] == "passkey.added"
    assert [mail.subject for mail in mails] == ["A passkey was added"]
    assert not WebAuthnAttestation.objects.exists()


def test_making_one_asks_who_it_is(alice, browser):
    age(browser.session_row)
    for step in ("begin", "complete"):
        answer = browser.tell(f"{REGISTER}/{step}", {})
        assert answer.json()["code"] == "fresh_sign_in_required"
    assert not passkeys.has_any(alice.user)


def test_a_stranger_makes_none(db):
    for place in (REGISTER, CONFIRM, SECOND_STEP):
        for step in ("begin", "complete"):
            answer = PasskeyBrowser().tell(f"{place}/{step}", {})
            assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


def test_a_device_is_asked_for_a_pin_and_not_to_hold_two(alice, browser):
    device = Device()
    browser.add(device)
    options = browser.ask(REGISTER).json()["options"]
    assert [one["type"] for one in options["excludeCredentials"]] == ["public-key"]
    chosen = options["authenticatorSelection"]
    assert (chosen["userVerification"], chosen["residentKey"]) == ("required",) * 2
    assert options["user"]["name"] == alice.user.email


def without_a_pin(device):
    device.flags = PRESENT


def another_origin(device):
    device.origin = "https://evil.example"


def far_too_long(device):
    device.identifier = bytes(1024)


@pytest.mark.parametrize("spoil", [without_a_pin, another_origin, far_too_long])
def test_what_is_not_right_is_not_kept(alice, browser, spoil):
    device = Device()
    spoil(device)
    assert browser.add(device).status_code == 400
    assert not passkeys.has_any(alice.user)


@pytest.mark.parametrize("told", [None, 5, {"credProps": None}, {"credProps": 5}])
def test_what_nobody_signs_may_be_odd(alice, browser, told):
    asked = browser.ask(REGISTER).json()
    made = {**Device().make(asked["options"]), "clientExtensionResults": told}
    body = {"state": asked["state"], "credential": made}
    assert browser.tell(f"{REGISTER}/complete", body).status_code == 201
    assert passkeys.has_any(alice.user)


def test_nobody_takes_a_passkey_that_somebody_has(alice, carol):
    device = Device()
    assert browser_of(alice).add(device).status_code == 201
    assert browser_of(carol).add(device).status_code == 400
    assert not passkeys.has_any(carol.user)


def test_a_question_for_one_purpose_is_good_for_no_other(alice, browser):
    device = Device()
    browser.add(device)
    asked = browser.ask(CONFIRM).json()
    body = {"state": asked["state"], "credential": device.sign(asked["options"])}
    assert browser.tell(f"{SIGN_IN}/complete", body).status_code == 400


def test_twenty_are_enough(alice, browser, monkeypatch):
    monkeypatch.setattr(passkeys, "MOST", 1)
    assert browser.add(Device()).status_code == 201
    answer = browser.add(Device())
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_removed_one_is_told(alice, browser, events, post):
    browser.add(Device())
    passkey = passkeys.of(alice.user).get()
    with post() as mails:
        passkeys.remove(passkey, by=SYSTEM)
        passkeys.remove(passkey, by=SYSTEM)
    assert events().count("passkey.removed") == 1
    assert [mail.subject for mail in mails] == ["A passkey was removed"]


def test_an_operator_removes_all_of_one_person(alice, carol, browser):
    for _ in range(2):
        browser.add(Device())
    browser_of(carol).add(Device())
    assert passkeys.remove_all(alice.user, by=SYSTEM) == 2
    assert not passkeys.has_any(alice.user)
    assert passkeys.has_any(carol.user)


def test_a_name_is_short_and_printable(alice, browser):
    browser.add(Device())
    passkey = passkeys.of(alice.user).get()
    passkeys.rename(passkey, "  My   key ", by=SYSTEM)
    assert passkeys.of(alice.user).get().name == "My key"
    for wrong in ("x" * 61, "a\u202eb"):
        with pytest.raises(Problem):
            passkeys.rename(passkey, wrong, by=SYSTEM)


def test_a_passkey_is_a_second_step(alice, enrol, browser):
    device = Device()
    browser.add(device)
    enrol(alice)
    guest = PasskeyBrowser()
    guest.log_in(alice)
    assert b'data-passkey="second-step"' in guest.get("/login/code").content
    assert guest.use(device, SECOND_STEP).json() == {"next": "/"}
    assert Session.objects.latest("id").factors == ["pwd", "pop", "mfa"]


def test_a_passkey_of_somebody_else_is_no_second_step(alice, carol, enrol):
    device = Device()
    browser_of(carol).add(device)
    enrol(alice)
    guest, before = PasskeyBrowser(), Session.objects.count()
    guest.log_in(alice)
    assert guest.use(device, SECOND_STEP).status_code == 401
    assert Session.objects.count() == before


def test_a_password_changed_between_the_steps_ends_them(alice, enrol, browser):
    device = Device()
    browser.add(device)
    enrol(alice)
    guest = PasskeyBrowser()
    guest.log_in(alice)
    asked = guest.ask(SECOND_STEP).json()
    user = User.objects.get(pk=alice.user.pk)
    user.set_password("walnut kayak 77 comet")
    user.save()
    body = {"state": asked["state"], "credential": device.sign(asked["options"])}
    assert guest.tell(f"{SECOND_STEP}/complete", body).status_code == 401


def test_a_passkey_confirms_who_it_is(alice, browser):
    device = Device()
    browser.add(device)
    age(browser.session_row)
    assert b'data-passkey="confirm"' in browser.get(CONFIRM_PAGE).content
    assert browser.use(device, CONFIRM).status_code == 200
    assert browser.get(CONFIRM_PAGE).status_code == 302


def test_with_two_steps_it_confirms_too(alice, enrol, browser):
    device = Device()
    browser.add(device)
    enrol(alice)
    age(browser.session_row)
    assert browser.get(CONFIRM_PAGE).status_code == 200
    assert browser.use(device, CONFIRM).status_code == 200
    assert browser.get(CONFIRM_PAGE).status_code == 302


def test_a_passkey_of_somebody_else_confirms_nothing(alice, carol, browser):
    device = Device()
    browser_of(carol).add(device)
    age(browser.session_row)
    assert browser.use(device, CONFIRM).status_code == 401
    assert browser.get(CONFIRM_PAGE).status_code == 200


def test_confirming_does_not_end_with_the_sign_in_of_another(alice, browser):
    """What one sign-in was asked is no answer in the next one of the same browser."""
    device = Device()
    browser.add(device)
    asked = browser.ask(CONFIRM).json()
    body = {"state": asked["state"], "credential": device.sign(asked["options"])}
    browser.fill_in("/login", email=alice.user.email, password=PASSWORD)
    assert browser.tell(f"{CONFIRM}/complete", body).status_code == 400
