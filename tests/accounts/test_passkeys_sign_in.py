"""Signing in by a passkey alone, and what is refused."""

import pytest

from accounts import passkeys, passwords
from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, Session, User
from tests.accounts.soft_passkeys import (
    PRESENT,
    REGISTER,
    SIGN_IN,
    Device,
    PasskeyBrowser,
)
from tests.surfing import cookie_of, surf


def with_passkey(person):
    """Her passkey, made on the security page."""
    browser, device = PasskeyBrowser(), Device()
    browser.cookies["session"] = cookie_of(surf(person).session_row)
    made = browser.add(device)
    assert made.status_code == 201, made.content
    return device


@pytest.fixture
def device(alice):
    return with_passkey(alice)


@pytest.fixture
def browser():
    return PasskeyBrowser()


def is_in(browser):
    return "Signed in as" in browser.read("/")


def test_a_passkey_alone_signs_in_with_two_factors(alice, device, browser):
    answer = browser.use(device, SIGN_IN)
    assert (answer.status_code, answer.json()) == (200, {"next": "/"})
    assert is_in(browser)
    session = Session.objects.latest("id")
    assert session.factors == ["pop", "mfa"]
    assert session.second_step_at is not None
    assert session.membership.user == alice.user


def test_it_leads_to_the_page_asked_for_and_to_no_other_site(device):
    asked = "?next=%2Fsettings%2Fusage"
    answer = PasskeyBrowser().use(device, SIGN_IN, query=asked)
    assert answer.json() == {"next": "/settings/usage"}
    elsewhere = PasskeyBrowser().use(device, SIGN_IN, query="?next=//evil.example")
    assert elsewhere.json() == {"next": "/"}


def test_two_step_sign_in_asks_for_nothing_more(alice, enrol, browser):
    device = with_passkey(alice)
    enrol(alice)
    assert browser.use(device, SIGN_IN).status_code == 200
    assert is_in(browser)


def test_an_answer_works_once_whatever_cookie_comes_with_it(device, browser):
    asked = browser.ask(SIGN_IN).json()
    body = {"state": asked["state"], "credential": device.sign(asked["options"])}
    # A restored cookie: the very same one, from before the sign-in.
    before = {name: morsel.value for name, morsel in browser.cookies.items()}
    assert browser.tell(f"{SIGN_IN}/complete", body).status_code == 200
    thief = PasskeyBrowser()
    for name, value in before.items():
        thief.cookies[name] = value
    answer = thief.tell(f"{SIGN_IN}/complete", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert not is_in(thief)


def test_a_refused_answer_uses_its_question_up(device, browser):
    asked = browser.ask(SIGN_IN).json()
    wrong = {**device.sign(asked["options"]), "rawId": "AAAA", "id": "AAAA"}
    right = device.sign(asked["options"])
    answers = [
        browser.tell(f"{SIGN_IN}/complete", {"state": asked["state"], "credential": it})
        for it in (wrong, right)
    ]
    assert [answer.status_code for answer in answers] == [401, 400]


def test_an_answer_is_good_in_the_browser_that_asked_only(device, browser):
    asked = browser.ask(SIGN_IN).json()
    body = {"state": asked["state"], "credential": device.sign(asked["options"])}
    assert PasskeyBrowser().tell(f"{SIGN_IN}/complete", body).status_code == 400


def test_two_windows_do_not_take_each_others_question_away(device, browser):
    first, second = browser.ask(SIGN_IN).json(), browser.ask(SIGN_IN).json()
    assert first["options"]["challenge"] != second["options"]["challenge"]
    body = {"state": first["state"], "credential": device.sign(first["options"])}
    assert browser.tell(f"{SIGN_IN}/complete", body).status_code == 200


def test_a_question_is_good_for_five_minutes(device, browser, clock):
    asked = browser.ask(SIGN_IN).json()
    body = {"state": asked["state"], "credential": device.sign(asked["options"])}
    clock.shift(5 * 60 + 1)
    assert browser.tell(f"{SIGN_IN}/complete", body).status_code == 400


def another_origin(device):
    device.origin = "https://doorward.evil.example"


def another_domain(device):
    device.domain = "evil.example"


def without_a_pin(device):
    device.flags = PRESENT


def without_a_touch(device):
    device.flags = 4


def a_cloned_one(device):
    device.count -= 1


def another_key(device):
    device.key = Device().key


def a_false_name(device):
    device.handle = bytes(64)


SPOILT = [
    another_origin,
    another_domain,
    without_a_pin,
    without_a_touch,
    a_cloned_one,
    another_key,
    a_false_name,
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_is_not_right_is_refused_and_written_down(alice, device, browser, spoil):
    assert PasskeyBrowser().use(device, SIGN_IN).status_code == 200
    spoil(device)
    answer = browser.use(device, SIGN_IN)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_login")
    assert not is_in(browser)
    event = AuditEvent.objects.latest("id")
    told = (event.action, event.target)
    assert told == ("passkey.refused", alice.user.public_id)


def an_unknown_one(alice, device):
    return Device()


def a_removed_one(alice, device):
    passkeys.remove(passkeys.of(alice.user).get(), by=SYSTEM)
    return device


def a_disabled_person(alice, device):
    User.objects.filter(pk=alice.user.pk).update(is_active=False)
    return device


@pytest.mark.parametrize("meet", [an_unknown_one, a_removed_one, a_disabled_person])
def test_one_answer_for_all_that_opens_nothing(alice, device, browser, meet):
    answer = browser.use(meet(alice, device), SIGN_IN)
    assert answer.status_code == 401
    assert (
        answer.json()["detail"] == "This passkey opens nothing here. Use another one."
    )
    assert not is_in(browser)


def test_without_an_organization_there_is_nothing_to_sign_in_to(alice, device, browser):
    Membership.objects.filter(user=alice.user).update(is_active=False)
    answer = browser.use(device, SIGN_IN)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_membership")


def test_a_new_password_does_not_end_a_passkey(alice, device, browser):
    alice.user.refresh_from_db()
    passwords._store(alice.user, "walnut kayak 77 comet")
    assert browser.use(device, SIGN_IN).status_code == 200


def test_wrong_ones_have_to_wait_and_right_ones_never(device, browser):
    answers = [browser.use(Device(), SIGN_IN).status_code for _ in range(61)]
    assert answers == [401] * 60 + [429]
    assert PasskeyBrowser().use(device, SIGN_IN).status_code == 200


def test_a_sign_in_ends_the_session_before_it(alice, device):
    browser = PasskeyBrowser()
    before = surf(alice).session_row
    browser.cookies["session"] = cookie_of(before)
    assert browser.use(device, SIGN_IN).status_code == 200
    before.refresh_from_db()
    assert before.end_reason == "signed_in_anew"


@pytest.mark.parametrize("place", [SIGN_IN, REGISTER])
@pytest.mark.parametrize("step", ["begin", "complete"])
def test_a_forged_form_and_a_link_reach_nothing(client, place, step):
    assert client.get(f"{place}/{step}").status_code == 405
    forger = PasskeyBrowser()
    answer = forger.post(f"{place}/{step}", {}, "application/json")
    assert answer.status_code == 403


ODD = [
    b"",
    b"[]",
    b'{"state": 1, "credential": {}}',
    b'{"state": "x", "credential": "y"}',
    b'{"state": "x", "credential": {}}',
]


@pytest.mark.parametrize("body", ODD)
def test_what_is_no_answer_is_refused(db, client, body):
    answer = client.post(f"{SIGN_IN}/complete", body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def odd_credentials(good):
    yield {}
    yield {"rawId": 1}
    yield {**good, "response": None}
    yield {**good, "type": "password"}
    for name in good["response"]:
        for odd in (None, 7, "", "=", "AAAA", "\u00e4", [1]):
            yield {**good, "response": {**good["response"], name: odd}}


def test_no_odd_answer_is_a_fault_of_ours(device, browser):
    asked = browser.ask(SIGN_IN).json()
    for credential in odd_credentials(device.sign(asked["options"])):
        state = browser.ask(SIGN_IN).json()["state"]
        body = {"state": state, "credential": credential}
        answer = browser.tell(f"{SIGN_IN}/complete", body)
        assert answer.status_code in {401, 429}, credential
