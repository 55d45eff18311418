"""Settings > Security in a real browser: the whole way of a second step."""

import re

import pytest

from accounts.models import RecoveryCode, Session, TotpDevice
from tests.accounts.conftest import Authenticator
from tests.browser import MARKS
from tests.cast import PASSWORD
from tests.surfing import age

pytestmark = MARKS
PAGE = "/settings/security"
NEW = "seven green kettles 19"


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def either(request, desk, alice):
    """A window with JavaScript on, and one without; alice is signed in."""
    desk.open(java_script_enabled=request.param)
    desk.come_in(alice)
    return desk


def app_of(desk):
    """The app that scanned what the page shows."""
    return Authenticator(desk.page.text_content("#totp-secret").replace(" ", ""))


def set_up(desk):
    desk.go(PAGE)
    desk.press("Set up an authenticator app")
    desk.sees("Set up an authenticator app")
    return app_of(desk)


def turn_on(desk, app):
    desk.page.get_by_label("Code", exact=True).fill(app.code())
    desk.press("Turn on")
    desk.sees("Save your recovery codes")
    app.recovery_codes = desk.page.text_content("#codes").split()


def test_a_second_step_is_turned_on_and_proven(either, alice):
    app = set_up(either)
    turn_on(either, app)
    assert len(app.recovery_codes) == 10
    either.page.get_by_label("One of the codes").fill(app.recovery_codes[7])
    either.press("Finish")
    either.sees("Security")
    assert "Your recovery codes are saved" in either.page.content()
    assert "You have one method only" in either.page.content()
    assert RecoveryCode.objects.filter(used_at=None).count() == 10
    assert either.complaints == []


def test_the_codes_are_downloaded(either):
    app = set_up(either)
    turn_on(either, app)
    with either.page.expect_download() as download:
        either.press("Download .txt")
    assert download.value.suggested_filename == "doorward-recovery-codes.txt"
    assert download.value.path().read_text().split() == app.recovery_codes
    # The page is still there, with all that has to be proven.
    assert either.page.text_content("#codes").split() == app.recovery_codes


def test_back_shows_no_secret(either):
    app = set_up(either)
    turn_on(either, app)
    either.go(PAGE)
    shown = either.back()
    assert not any(code in shown for code in app.recovery_codes)
    assert app.secret not in shown.replace(" ", "")


def test_a_wrong_code_says_so_and_begins_anew(either):
    first = set_up(either)
    either.page.get_by_label("Code", exact=True).fill(first.wrong())
    either.press("Turn on")
    either.page.get_by_text("This code is not right").wait_for()
    either.press("Begin anew")
    either.page.locator("#totp-secret").wait_for()
    second = app_of(either)
    assert second.secret != first.secret
    turn_on(either, second)


def test_it_is_turned_off_with_a_code(either, alice):
    app = set_up(either)
    turn_on(either, app)
    either.go(PAGE)
    either.press("Turn off", "link")
    either.page.get_by_label("Code", exact=True).fill(app.recovery_codes[0])
    either.press("Turn off")
    either.page.get_by_text("The second step is off.").wait_for()
    assert not TotpDevice.objects.exists()
    assert either.complaints == []


def test_the_password_is_changed(either, alice):
    either.go(PAGE)
    either.page.get_by_label("Current password").fill("wrong one 42 wrong")
    either.page.get_by_label("New password").fill(NEW)
    either.press("Change password")
    either.page.get_by_text("This is not your present password").wait_for()
    either.page.get_by_label("Current password").fill(PASSWORD)
    either.page.get_by_label("New password").fill(NEW)
    either.press("Change password")
    either.page.get_by_text("Your password is changed").wait_for()
    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)
    assert either.complaints == []


def test_all_of_it_by_keyboard_alone(desk, alice):
    desk.come_in(alice)
    page = desk.go(PAGE)
    page.get_by_role("button", name="Set up an authenticator app").focus()
    page.keyboard.press("Enter")
    desk.sees("Set up an authenticator app")
    app = app_of(desk)
    _tab_to(page, "totp_code")
    page.keyboard.type(app.code())
    page.keyboard.press("Enter")
    desk.sees("Save your recovery codes")
    code = page.text_content("#codes").split()[0]
    _tab_to(page, "totp_code")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.get_by_text("Your recovery codes are saved").wait_for()
    assert desk.complaints == []


def test_an_old_sign_in_comes_back_to_what_it_wanted(either, alice):
    age(Session.objects.get())
    either.go(PAGE)
    either.press("Set up an authenticator app")
    either.sees("Confirm it is you")
    either.page.get_by_label("Password").fill(PASSWORD)
    either.press("Confirm")
    either.page.locator("#totp-secret").wait_for()


def test_what_is_copied_is_said(desk, alice):
    desk.come_in(alice)
    set_up(desk)
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.press("Copy")
    desk.page.get_by_role("button", name="Copied").wait_for()
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied == desk.page.text_content("#totp-secret")


@pytest.fixture
def passkeys(desk, alice):
    """A window whose device makes passkeys and asks nobody."""
    desk.come_in(alice)
    talk = desk.page.context.new_cdp_session(desk.page)
    talk.send("WebAuthn.enable")
    talk.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    return desk


def test_a_passkey_is_added_renamed_and_removed(passkeys):
    page = passkeys.go(PAGE)
    passkeys.press("Add a passkey")
    page.get_by_role("link", name=re.compile("^Rename")).click()
    page.get_by_label("Name").fill("Work laptop")
    passkeys.press("Save")
    passkeys.sees("Security")
    page.get_by_role("row", name=re.compile("Work laptop")).wait_for()
    assert "Your password alone" not in page.content()
    passkeys.press("Remove Work laptop")
    page.get_by_text("The passkey opens nothing here any more.").wait_for()
    assert passkeys.complaints == []


def test_removed_in_one_tab_explained_in_the_other(passkeys):
    page = passkeys.go(PAGE)
    passkeys.press("Add a passkey")
    page.get_by_role("link", name=re.compile("^Rename")).wait_for()
    with page.expect_popup() as opened:
        page.evaluate("open(location.href)")
    other = opened.value
    page.get_by_role("button", name=re.compile("^Remove")).click()
    page.get_by_text("opens nothing here any more").wait_for()
    other.get_by_role("button", name=re.compile("^Remove")).click()
    other.get_by_text("You have no such passkey.").wait_for()


def test_the_pages_have_no_findings_and_fit(desk, alice):
    desk.come_in(alice)
    for scheme, width in (("light", 1280), ("dark", 320)):
        desk.page.emulate_media(color_scheme=scheme)
        desk.page.set_viewport_size({"width": width, "height": 800})
        set_up(desk)
        assert desk.findings() == []
        assert desk.overflow() <= 0
    turn_on(desk, app_of(desk))
    assert desk.findings() == []
    assert desk.overflow() <= 0
    assert desk.complaints == []


def _tab_to(page, name):
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")
