"""The admin is for operators, and behind the same sign-in as everything else."""

import pytest

from accounts.models import Session, User

ADMIN = "/admin/"
pytestmark = pytest.mark.usefixtures("in_the_demo")

PAGES = [ADMIN, "/admin/accounts/user/", "/admin/accounts/session/", "/admin/jsi18n/"]


@pytest.fixture
def operator(alice):
    User.objects.filter(pk=alice.user.pk).update(is_staff=True, is_superuser=True)
    return alice


def sees_admin(browser):
    answer = browser.get(ADMIN)
    return answer.status_code == 200 and "Doorward" in answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_sign_in(operator, browse, path):
    answer = browse().get(path, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login?next=")


def test_an_operator_comes_in_and_back_to_the_page_asked_for(operator, browse):
    browser = browse()
    path = browser.get("/admin/accounts/user/", follow=True).redirect_chain[-1][0]
    assert browser.log_in(operator, path=path)["Location"] == "/admin/accounts/user/"
    assert operator.user.email in browser.read("/admin/accounts/user/")


@pytest.mark.parametrize("path", PAGES[:3])
def test_an_owner_who_is_no_operator_finds_no_admin(alice, browse, path):
    browser = browse()
    browser.log_in(alice)
    assert browser.get(path, follow=True).status_code == 404


def test_the_password_of_an_operator_with_two_steps_opens_nothing(
    operator, enrol, browse
):
    app, browser = enrol(operator), browse()
    browser.log_in(operator)
    assert not sees_admin(browser)
    for path in PAGES:
        assert browser.get(path).status_code == 302
    browser.fill_in("/login/code", totp_code=app.code())
    assert sees_admin(browser)


def test_the_admins_own_sign_in_takes_no_password(operator, browse):
    browser = browse()
    fields = {"username": operator.user.email, "password": operator.password}
    answer = browser.fill_in("/admin/login/", page="/login", **fields)
    assert answer["Location"].startswith("/login?next=")
    assert not sees_admin(browser)
    assert not Session.objects.exists()


def test_the_admin_has_no_second_door_to_change_a_password(operator, browse):
    browser = browse()
    browser.log_in(operator)
    user = operator.user.pk
    for path in ("/admin/password_change/", f"/admin/accounts/user/{user}/password/"):
        assert browser.get(path, follow=True).status_code in (404, 200)
        assert 'type="password"' not in browser.get(path, follow=True).content.decode()


def test_signing_out_of_the_admin_ends_the_session(operator, browse):
    browser = browse()
    browser.log_in(operator)
    assert browser.fill_in("/admin/logout/", page=ADMIN).status_code == 302
    assert not sees_admin(browser)
    assert Session.objects.get().end_reason == "signed_out"


def test_signing_out_of_the_admin_by_a_link_does_nothing(operator, browse):
    browser = browse()
    browser.log_in(operator)
    assert browser.get("/admin/logout/")["Location"] == "/"
    assert sees_admin(browser)


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}], ids=str)
def test_who_is_no_operator_any_more_is_out_at_once(operator, browse, change):
    browser = browse()
    browser.log_in(operator)
    assert sees_admin(browser)
    User.objects.filter(pk=operator.user.pk).update(**change)
    assert not sees_admin(browser)


def test_an_operators_key_or_token_opens_no_admin_page(operator, issue, browse):
    _api_key, key = issue("api_keys_manage", owner=operator)
    token = operator.sign_in()["access_token"]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {token}"}):
        assert browse().get(ADMIN, headers=headers).status_code == 302


@pytest.mark.parametrize("table", ["session", "signingkey", "auditevent", "membership"])
def test_no_row_of_a_record_can_be_made_or_deleted_by_hand(operator, browse, table):
    browser = browse()
    browser.log_in(operator)
    assert browser.get(f"/admin/accounts/{table}/").status_code == 200
    assert browser.get(f"/admin/accounts/{table}/add/").status_code == 403


def test_an_operator_ends_the_sessions_of_a_person(operator, bob, browse):
    browser = browse()
    browser.log_in(operator)
    bob.sign_in()
    fields = {"action": "end_sessions", "_selected_action": str(bob.user.pk)}
    fields["sure"] = "yes"
    browser.fill_in("/admin/accounts/user/", **fields)
    assert bob.call("GET", "/api/v1/auth/whoami").status_code == 401
    assert sees_admin(browser)
