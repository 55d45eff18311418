"""Outside the demo a password alone opens no page of the admin."""

import pytest

from accounts.models import Session, User
from tests.operating import FACTORS, do, operate, promote
from tests.surfing import surf

PAGES = ["/admin/", "/admin/accounts/user/", "/admin/plans/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_password_alone_is_told_how_to_come_in(alice, path):
    answer = surf(promote(alice)).get(path)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "/settings/security" in page
    assert "bdi>Acme" not in page


def test_a_password_alone_changes_nothing(alice, bob):
    do(surf(promote(alice)), "accounts/user", "disable", bob.user, reason="x")
    bob.user.refresh_from_db()
    assert bob.user.is_active


@pytest.mark.parametrize("factors", [FACTORS, ["pop", "mfa"]], ids=str)
@pytest.mark.parametrize("path", PAGES)
def test_a_code_or_a_passkey_opens_it(alice, factors, path):
    assert surf(promote(alice), factors=factors).get(path).status_code == 200


def test_the_demo_asks_for_none(alice, settings):
    settings.DEMO = True
    assert surf(promote(alice)).get("/admin/").status_code == 200


def test_who_uses_none_can_still_sign_out(alice):
    browser = surf(promote(alice))
    assert browser.post("/admin/logout/").status_code == 302
    assert Session.objects.get(pk=browser.session_row.pk).end_reason == "signed_out"


def test_who_was_asked_for_no_code_gives_one_at_the_door(alice, enrol):
    """As in a browser that they trust."""
    app, path = enrol(promote(alice)), f"/admin/accounts/user/{alice.user.pk}/change/"
    browser = surf(alice)
    question = browser.get(path).content.decode()
    assert 'name="confirm_code"' in question
    assert "usr_" not in question
    wrong = browser.post(path, {"confirm_code": app.wrong(), "admission": "1"})
    assert wrong.status_code == 401
    right = browser.post(path, {"confirm_code": app.code(), "admission": "1"})
    assert (right.status_code, right["Location"]) == (302, path)
    assert "usr_" in browser.get(path).content.decode()


def test_the_answer_at_the_door_is_never_taken_for_the_pages_form(alice, enrol):
    app, path = enrol(promote(alice)), f"/admin/accounts/user/{alice.user.pk}/change/"
    name = User.objects.get(pk=alice.user.pk).name
    browser = surf(alice)
    browser.post(path, {"confirm_code": app.code(), "admission": "1"})
    again = browser.post(path, {"admission": "1"})
    assert (again.status_code, again["Location"]) == (302, path)
    assert User.objects.get(pk=alice.user.pk).name == name


def test_an_operator_with_a_second_factor_is_not_asked_again(alice):
    assert operate(alice).get("/admin/").status_code == 200
