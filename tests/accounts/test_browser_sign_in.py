"""Sign-in on the pages: password, then the code where two-step sign-in is on."""

import pytest
from django.test import Client

from accounts.models import Session, User
from tests.cast import PASSWORD

CODE = "/login/code"


def is_in(browser):
    return "Signed in as" in browser.read("/")


def test_the_password_signs_in(alice, browse):
    browser = browse()
    answer = browser.log_in(alice)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert f"Signed in as {alice.user.email}" in browser.read("/")
    session = Session.objects.get()
    assert (session.is_browser, session.factors) == (True, ["pwd"])
    assert session.refresh_digest is None


@pytest.mark.parametrize("email", ["alice@acme.test", "nobody@acme.test"])
def test_a_wrong_password_shows_the_form_again(alice, browse, email):
    browser = browse()
    answer = browser.fill_in("/login", email=email, password="wrong")
    assert answer.status_code == 401
    assert "Check e-mail address and password" in answer.content.decode()
    assert 'value="wrong"' not in answer.content.decode()
    assert not is_in(browser)


def test_with_two_steps_the_password_alone_opens_nothing(alice, enrol, browse):
    enrol(alice)
    browser, before = browse(), Session.objects.count()
    answer = browser.log_in(alice)
    assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert not is_in(browser)
    for path in ("/admin/", "/admin/accounts/user/"):
        assert browser.get(path).status_code == 302
    assert browser.get("/api/v1/auth/whoami").status_code == 401
    assert Session.objects.count() == before


def test_the_code_completes_the_sign_in(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    answer = browser.fill_in(CODE, totp_code=app.code())
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(browser)
    assert Session.objects.latest("id").factors == ["pwd", "otp"]


def test_a_recovery_code_completes_it_too(alice, enrol, browse):
    code, browser = enrol(alice).recovery_codes[0], browse()
    browser.log_in(alice)
    assert browser.fill_in(CODE, totp_code=code).status_code == 302
    assert is_in(browser)


def test_a_wrong_code_does_not(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    answer = browser.fill_in(CODE, totp_code=app.wrong())
    assert answer.status_code == 401
    assert not is_in(browser)
    assert browser.fill_in(CODE, totp_code=app.code()).status_code == 302


def test_an_empty_code_does_not(alice, enrol, browse):
    enrol(alice)
    browser = browse()
    browser.log_in(alice)
    for code in ("", " ", "      "):
        browser.fill_in(CODE, totp_code=code)
        assert not is_in(browser)


def test_nobody_begins_with_the_second_step(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    assert browser.get(CODE)["Location"] == "/login"
    answer = browser.fill_in(CODE, page="/login", totp_code=app.code())
    assert answer["Location"] == "/login"
    assert not is_in(browser)


def test_ten_minutes_after_the_password_it_is_asked_for_again(
    alice, enrol, browse, clock
):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    clock.shift(10 * 60 - 1)
    assert browser.get(CODE).status_code == 200
    clock.shift(2)
    assert browser.get(CODE)["Location"] == "/login"
    answer = browser.fill_in(CODE, page="/login", totp_code=app.code())
    assert answer["Location"] == "/login"


def change_password(person):
    user = User.objects.get(pk=person.user.pk)
    user.set_password("walnut kayak 77 comet")
    user.save()


def disable(person):
    User.objects.filter(pk=person.user.pk).update(is_active=False)


@pytest.mark.parametrize("change", [change_password, disable])
def test_what_happens_between_the_steps_counts(alice, enrol, browse, change):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    change(alice)
    answer = browser.fill_in(CODE, page="/login", totp_code=app.code())
    assert answer["Location"] == "/login"
    assert not is_in(browser)


def test_the_first_step_of_one_is_no_first_step_of_another(alice, bob, enrol, browse):
    enrol(alice)
    bobs_app, browser = enrol(bob), browse()
    browser.log_in(alice)
    assert browser.fill_in(CODE, totp_code=bobs_app.code()).status_code == 401
    assert not is_in(browser)


def test_who_has_no_membership_is_told_so(bob, browse):
    bob.membership.is_active = False
    bob.membership.save()
    browser = browse()
    answer = browser.log_in(bob)
    assert answer.status_code == 403
    assert "Ask an administrator" in answer.content.decode()
    assert not is_in(browser)


def test_who_lost_the_membership_between_the_steps_is_told_so(bob, enrol, browse):
    app, browser = enrol(bob), browse()
    browser.log_in(bob)
    bob.membership.is_active = False
    bob.membership.save()
    assert browser.fill_in(CODE, totp_code=app.code()).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize("path", ["/login", "/password/reset", "/logout"])
def test_a_form_without_the_token_of_its_page_is_refused(alice, path):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/login")
    fields = {"email": alice.user.email, "password": PASSWORD}
    assert client.post(path, fields).status_code == 403
    wrong = {**fields, "csrfmiddlewaretoken": "x" * 64}
    assert client.post(path, wrong).status_code == 403
    assert not Session.objects.exists()


def test_the_form_of_the_second_step_needs_its_token_too(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    assert browser.post(CODE, {"totp_code": app.code()}).status_code == 403
    assert browser.fill_in(CODE, totp_code=app.code()).status_code == 302


def test_the_token_of_a_form_changes_with_the_sign_in(alice, browse):
    browser = browse()
    browser.get("/login")
    before = browser.cookies["csrf"].value
    browser.log_in(alice)
    assert browser.cookies["csrf"].value != before


@pytest.mark.parametrize("path", ["/login", "/login/code", "/password/reset", "/"])
def test_no_cache_keeps_a_page_of_a_sign_in(alice, browse, path):
    assert "no-store" in browse().get(path)["Cache-Control"]


def test_an_address_as_long_as_a_book_is_refused(alice, browse):
    browser = browse()
    answer = browser.fill_in("/login", email="a" * 300, password=PASSWORD)
    assert answer.status_code == 200
    assert not is_in(browser)
    assert (
        browser.fill_in("/login", email="a", password="x" * 70_000).status_code == 413
    )
