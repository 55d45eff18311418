"""The pages of OAuth applications in a real browser."""

import pytest

from oauth.models import Application, Consent
from tests.browser import MARKS, PHONE
from tests.oauth.applying import CONNECTED, LIST, NEW, SECRET, at
from tests.oauth.conftest import register

pytestmark = MARKS
CALLBACK = "https://app.test/callback"


@pytest.fixture
def app(alice):
    """Made before the browser starts its event loop."""
    return register(alice, scopes=["openid", "email", "scans_read"])


def fill(desk):
    desk.page.get_by_label("Name", exact=True).fill("Alert Relay")
    desk.page.get_by_label("Redirect URIs").fill(CALLBACK)
    desk.page.locator("input[value=scans_read]").check()


def test_an_application_is_made_without_javascript(desk, alice):
    page = desk.open(java_script_enabled=False)
    desk.come_in(alice)
    desk.go(LIST)
    desk.press("New application", "link")
    desk.press("Choose Web application", "link")
    desk.sees("New application")
    fill(desk)
    desk.press("Create the application")
    desk.sees("Your new secret")
    assert SECRET.fullmatch(page.locator("#new-secret").inner_text())
    assert page.locator("button[data-copy]:visible").count() == 0
    desk.press("Done", "link")
    desk.sees("Alert Relay")
    assert desk.complaints == []


def test_an_application_is_made_by_keyboard(desk, alice):
    page = desk.open()
    desk.come_in(alice)
    desk.go(f"{NEW}?type=web")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Alert Relay")
    page.keyboard.press("Tab")
    page.keyboard.type(CALLBACK)
    while page.evaluate("document.activeElement.value") != "scans_read":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Enter")
    desk.sees("Your new secret")
    assert Application.objects.get().redirects == [CALLBACK]
    assert desk.complaints == []


def test_an_address_is_checked_while_it_is_typed(desk, alice):
    page = desk.open()
    desk.come_in(alice)
    desk.go(f"{NEW}?type=web")
    page.get_by_label("Redirect URIs").fill("http://app.test/callback")
    problem = page.get_by_text("Line 1: Use https. http is only for localhost")
    problem.wait_for()
    page.get_by_label("Redirect URIs").fill(CALLBACK)
    problem.wait_for(state="detached")
    assert not Application.objects.exists()
    assert desk.complaints == []


def test_back_and_reload_show_the_secret_to_nobody(desk, alice):
    page = desk.open()
    page.on("dialog", lambda dialog: dialog.accept())
    desk.come_in(alice)
    desk.go(f"{NEW}?type=web")
    fill(desk)
    desk.press("Create the application")
    desk.sees("Your new secret")
    page.reload()
    desk.sees("Already done")
    desk.go(LIST)
    # No page was kept, and to send the form again the browser asks first.
    assert not SECRET.search(desk.back())
    assert Application.objects.count() == 1
    assert desk.complaints == []


@pytest.mark.parametrize("with_script", [True, False])
def test_a_test_sign_in_runs_through_the_page_that_asks(desk, alice, app, with_script):
    page = desk.open(java_script_enabled=with_script)
    desk.come_in(alice)
    desk.go(at(app.row))
    desk.press("Test sign-in", "link")
    desk.press("Begin the test")
    desk.sees("Slack Bot wants to use your NetRecon account")
    desk.press("Allow")
    desk.sees("The sign-in works")
    assert "alice@acme.test" in page.inner_text("main")
    assert not Consent.objects.standing().exists()
    assert desk.complaints == []


def test_a_test_that_is_declined_says_so(desk, alice, app):
    desk.open()
    desk.come_in(alice)
    desk.go(at(app.row, "/test"))
    desk.press("Begin the test")
    desk.press("Cancel")
    desk.sees("The sign-in ended without a token")
    assert desk.complaints == []


def test_what_one_tab_deleted_the_other_does_not_find(desk, alice, app):
    page = desk.open()
    session = desk.come_in(alice)
    desk.go(at(app.row, "/edit"))
    other = desk.open()
    other.context.add_cookies([desk.cookie(session)])
    other.goto(f"{desk.url}{at(app.row, '/delete')}")
    other.get_by_label("Type the name of the application").fill("Slack Bot")
    other.get_by_role("button", name="Delete the application").click()
    other.get_by_text("Slack Bot was deleted").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="not found").wait_for()
    assert Application.objects.current().count() == 0
    assert desk.complaints == []


def test_a_connected_application_is_taken_back(desk, alice, app):
    Consent.objects.create(
        membership=alice.membership, application=app.row, scopes=["scans_read"]
    )
    page = desk.open(
        java_script_enabled=False, viewport={"width": PHONE, "height": 800}
    )
    desk.come_in(alice)
    desk.go(CONNECTED)
    page.get_by_role("button", name="Disconnect Slack Bot").click()
    desk.sees("No connected applications")
    assert desk.complaints == []
