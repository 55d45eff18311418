"""Browsers that are asked for no second step: how they are made, and what ends them."""

import pytest

from accounts import totp, trusted_browsers
from accounts.audit import SYSTEM
from accounts.models import Session, TrustedBrowser, User
from tests.cast import PASSWORD

CODE = "/login/code"
NEW = "walnut kayak 77 comet"
DAY = 24 * 60 * 60


@pytest.fixture
def trusting(alice, enrol, browse):
    """trusting() -> a browser that alice trusts."""
    app = enrol(alice)
    browser = browse()
    browser.log_in(alice)
    answer = browser.fill_in(CODE, totp_code=app.code(), trust="on")
    assert answer.status_code == 302
    browser.fill_in("/logout", page="/")
    return browser


def asks(browser, person, password=PASSWORD):
    """Whether the password leads to the second step."""
    fields = {"email": person.user.email, "password": password}
    answer = browser.fill_in("/login", **fields)
    assert answer.status_code == 302
    return answer["Location"] == CODE


def test_a_trusted_browser_is_not_asked_for_thirty_days(alice, trusting, clock):
    assert not asks(trusting, alice)
    session = Session.objects.latest("id")
    assert (session.factors, session.second_step_at) == (["pwd"], None)
    clock.shift(30 * DAY - 60)
    assert not asks(trusting, alice)
    clock.shift(120)
    assert asks(trusting, alice)


def test_without_the_tick_nothing_is_trusted(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    browser.fill_in(CODE, totp_code=app.code())
    assert "trusted" not in browser.cookies
    assert not TrustedBrowser.objects.exists()


def test_a_wrong_code_earns_no_trust(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    browser.fill_in(CODE, totp_code=app.wrong(), trust="on")
    assert "trusted" not in browser.cookies


def test_a_recovery_code_earns_no_trust(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    path = f"{CODE}?recovery=1"
    browser.fill_in(path, totp_code=app.recovery_codes[0], trust="on")
    assert "trusted" not in browser.cookies


def test_the_cookie_is_kept_from_scripts_and_other_sites(trusting):
    cookie = trusting.cookies["trusted"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie.value.encode() not in bytes(TrustedBrowser.objects.get().digest)


def test_over_https_it_has_the_strictest_name(settings):
    settings.SECURE_COOKIES = True
    assert trusted_browsers.cookie_name() == "__Host-trusted"


def new_password(person):
    user = User.objects.get(pk=person.user.pk)
    user.set_password(NEW)
    user.save()
    return NEW


def sign_out_everywhere_else(person):
    person.call("DELETE", "/api/v1/auth/sessions")
    return PASSWORD


def removed(person):
    trusted_browsers.remove(trusted_browsers.of(person.user).get(), by=SYSTEM)
    return PASSWORD


@pytest.mark.parametrize("end", [new_password, sign_out_everywhere_else, removed])
def test_what_ends_the_trust(alice, trusting, end):
    assert asks(trusting, alice, end(alice))


def test_another_authenticator_ends_it(alice, enrol, trusting, clock):
    totp.remove(alice.user, by=SYSTEM)
    assert trusted_browsers.trusted(alice.user) == []
    clock.shift(60)
    alice.sign_in()
    enrol(alice)
    assert asks(trusting, alice)
    assert trusted_browsers.trusted(alice.user) == []


def test_trust_is_in_one_person(alice, bob, enrol, trusting, clock):
    clock.shift(60)
    enrol(bob)
    assert asks(trusting, bob)


def test_two_people_may_trust_the_same_browser(alice, bob, enrol, trusting, clock):
    clock.shift(60)
    app = enrol(bob)
    trusting.log_in(bob)
    trusting.fill_in(CODE, totp_code=app.code(), trust="on")
    assert not asks(trusting, alice)
    assert not asks(trusting, bob)


@pytest.mark.parametrize("value", ["", "x", "a" * 43, ".".join(["a" * 43] * 6), "ü"])
def test_a_cookie_of_somebody_elses_making_is_worth_nothing(
    alice, enrol, browse, value
):
    enrol(alice)
    browser = browse()
    browser.cookies["trusted"] = value
    assert asks(browser, alice)


def test_the_api_asks_all_the_same(alice, trusting):
    body = {"email": alice.user.email, "password": PASSWORD}
    answer = trusting.post("/api/v1/auth/login", body, "application/json")
    assert answer.json()["code"] == "totp_required"


def test_trust_opens_nothing_without_the_password(alice, trusting):
    answer = trusting.fill_in("/login", email=alice.user.email, password="wrong")
    assert answer.status_code == 401


def test_trusting_is_written_down(trusting, events):
    assert events().count("browser.trusted") == 1
