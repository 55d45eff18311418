"""Whatever an operator sends waits for who showed lately that it is them."""

import pytest

from accounts.models import User
from tests.cast import PASSWORD
from tests.operating import do, let_time_pass, operate

FIND = "/admin/apikeys/apikey/find/"


@pytest.fixture
def browser(alice):
    """An operator's, signed in long ago."""
    browser = operate(alice)
    let_time_pass(browser)
    return browser


def is_active(person):
    return User.objects.get(pk=person.user.pk).is_active


def test_looking_is_free(browser, bob):
    for path in ("/admin/", f"/admin/accounts/user/{bob.user.pk}/change/"):
        page = browser.get(path).content.decode()
        assert "confirm_password" not in page


def test_a_deed_is_asked_about_first_and_then_done(browser, bob):
    asked = do(browser, "accounts/user", "disable", bob.user, reason="left")
    page = asked.content.decode()
    assert 'name="confirm_password"' in page
    assert '<input type="hidden" name="reason" value="left">' in page
    assert is_active(bob)
    answer = {"reason": "left", "confirm_password": PASSWORD}
    assert (
        do(browser, "accounts/user", "disable", bob.user, **answer).status_code == 302
    )
    assert not is_active(bob)


def test_a_wrong_password_does_nothing(browser, bob):
    answer = {"reason": "left", "confirm_password": "wrong"}
    refused = do(browser, "accounts/user", "disable", bob.user, **answer)
    assert "This is not your password." in refused.content.decode()
    assert is_active(bob)


def test_a_form_is_asked_about_too(browser, alice):
    path = f"/admin/accounts/organization/{alice.organization.pk}/change/"
    answer = browser.post(path, {"name": "New", "plan_slug": "starter"})
    assert 'name="confirm_password"' in answer.content.decode()
    alice.organization.refresh_from_db()
    assert alice.organization.plan_slug == "enterprise"


def test_finding_a_key_asks_nothing_so_the_key_is_carried_nowhere(browser, issue):
    key = issue("scans_read", name="Deploy")[1]
    page = browser.post(FIND, {"key": key}).content.decode()
    assert "Deploy" in page
    assert key not in page
