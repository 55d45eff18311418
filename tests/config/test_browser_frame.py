"""What the frame does on every page: the menu of a phone, the way past it, what a
button copies, and what is left of a secret once its page was left."""

from tests.browser import MARKS, PHONE

pytestmark = MARKS
SCREEN = {"width": PHONE, "height": 700}


def test_the_menu_of_a_phone_unfolds_without_javascript(desk, alice):
    page = desk.open(viewport=SCREEN, java_script_enabled=False)
    desk.come_in(alice)
    desk.go("/settings/sessions")
    # The page begins on the first screen.
    assert page.get_by_role("heading", level=1).bounding_box()["y"] < SCREEN["height"]
    webhooks = page.get_by_role("link", name="Webhooks")
    assert webhooks.count() == 0
    page.get_by_text("Settings · Acme").click()
    webhooks.click()
    desk.sees("Webhooks")
    assert desk.complaints == []


def test_the_keyboard_reaches_the_page_past_the_menu(desk, alice):
    page = desk.open()
    desk.come_in(alice)
    desk.go("/settings/sessions")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to content"
    assert skip.bounding_box()["width"] > 24
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_what_was_copied_is_said(desk, alice):
    page = desk.open(permissions=["clipboard-read", "clipboard-write"])
    desk.come_in(alice)
    desk.go("/settings/organization")
    desk.press("Copy")
    page.get_by_role("status").get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == alice.organization.public_id
    assert desk.complaints == []


def test_a_secret_is_gone_once_its_page_was_left(desk, alice):
    page = desk.open()
    desk.come_in(alice)
    desk.go("/settings/security")
    desk.press("Set up an authenticator app")
    secret = page.locator("#totp-secret")
    assert len(secret.inner_text()) >= 32
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert secret.inner_text() == ""
    assert page.locator(".qr-code svg").count() == 0
