"""A key made in a real browser: with and without scripts, by keyboard, in two tabs."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error

from accounts.last_used import recorder
from apikeys.models import ApiKey
from tests.apikeys.wishing import KEY
from tests.browser import MARKS
from tests.cast import send

pytestmark = MARKS

KEYS, NEW = "/settings/api-keys", "/settings/api-keys/new"


@pytest.fixture
def at_desk(desk, alice):
    """Somebody who is signed in, in a window with these options."""

    def come(**options):
        desk.open(**options)
        desk.come_in(alice)
        return desk

    return come


def fill(desk, name="Night build"):
    page = desk.go(NEW)
    page.get_by_label("Name").fill(name)
    page.locator('[name="scopes"][value="scans_read"]').check()
    return page


def create(desk, name="Night build"):
    """To the page with the key. The answer is the key."""
    fill(desk, name)
    desk.press("Review first")
    desk.sees("Review the key")
    desk.press("Generate Key")
    desk.sees("Your new key")
    return desk.page.locator("#new-key").inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_key_is_made_in_one_step(at_desk, scripts):
    desk = at_desk(java_script_enabled=scripts)
    page = fill(desk)
    if scripts:
        page.get_by_text("Allows: read scan results.").wait_for()
    desk.press("Generate Key")
    desk.sees("Your new key")
    assert KEY.fullmatch(page.locator("#new-key").inner_text())
    assert desk.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_key_is_made_and_works(at_desk, scripts):
    desk = at_desk(java_script_enabled=scripts)
    key = create(desk)
    assert KEY.fullmatch(key)
    assert send("GET", "/api/v1/auth/whoami", X_API_KEY=key).status_code == 200
    if scripts:
        desk.page.get_by_label("I have stored it").check()
    desk.press("Done", role="link")
    desk.sees("Night build")
    assert desk.complaints == []


def test_a_key_is_made_by_keyboard_alone(at_desk):
    desk = at_desk()
    page = desk.go(KEYS)
    desk.page.get_by_role("link", name="Generate Key").first.focus()
    page.keyboard.press("Enter")
    desk.sees("Generate Key")
    page.get_by_label("Name").focus()
    page.keyboard.type("By hand")
    box = page.locator('[name="scopes"][value="scans_read"]')
    while not box.evaluate("box => box === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    # Enter sends the form on, and presses none of the buttons above it.
    page.get_by_label("Name").focus()
    page.keyboard.press("Enter")
    desk.sees("Review the key")
    page.get_by_role("button", name="Generate Key").focus()
    page.keyboard.press("Enter")
    desk.sees("Your new key")
    assert ApiKey.objects.get().scopes == ["scans_read"]


@pytest.mark.parametrize("scripts", [True, False])
def test_one_button_chooses_all_that_reads(at_desk, scripts):
    desk = at_desk(java_script_enabled=scripts)
    page = fill(desk)
    page.locator('[value="billing"]').check()
    desk.press("Read only")
    page.locator('[value="cve_read"]:checked').wait_for()
    ticked = page.locator('[name="scopes"]:checked')
    assert all("read" in box.get_attribute("value") for box in ticked.all())
    assert ticked.count() == 6
    assert page.get_by_label("Name").input_value() == "Night build"


def test_back_shows_no_key(at_desk):
    desk = at_desk()
    key = create(desk)
    desk.page.get_by_label("I have stored it").check()
    desk.press("Done", role="link")
    desk.sees("Night build")
    for move in (desk.page.go_back, desk.page.go_back, desk.page.go_forward):
        # Chromium has a page of its own for an answer that it may not keep.
        with suppress(Error):
            move()
        desk.page.wait_for_timeout(500)
        assert key not in desk.page.content()
    assert ApiKey.objects.count() == 1


def test_a_reload_makes_no_second_key(at_desk):
    desk = at_desk()
    key = create(desk)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.sees("Already done")
    assert key not in desk.page.content()
    assert ApiKey.objects.count() == 1


def test_leaving_before_the_key_is_stored_is_asked_about(at_desk):
    desk = at_desk()
    create(desk)
    asked = []

    def answer(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    desk.page.on("dialog", answer)
    desk.press("API Keys", role="link")
    desk.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert KEY.fullmatch(desk.page.locator("#new-key").inner_text())


def test_copying_says_so(at_desk):
    desk = at_desk()
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = create(desk)
    desk.press("Copy")
    desk.page.get_by_role("button", name="Copied", exact=True).wait_for()
    assert desk.page.evaluate("navigator.clipboard.readText()") == key
    said = desk.page.locator('.unseen[role="status"]')
    said.filter(has_text="Copied").wait_for(state="attached")


def test_the_first_request_is_told_while_the_page_is_open(at_desk):
    desk = at_desk()
    key = create(desk)
    desk.page.get_by_text("Waiting for the first request").wait_for()
    send("GET", "/api/v1/auth/whoami", X_API_KEY=key)
    recorder.flush()
    desk.page.get_by_text(
        re.compile(r"First request seen at \d\d:\d\d:\d\d")
    ).wait_for()
    assert desk.complaints == []


def test_a_key_revoked_in_one_tab_is_gone_from_the_other(desk, issue, alice):
    api_key, _ = issue("scans_read", name="Twice")
    desk.page = desk.chromium.new_context().new_page()
    desk.come_in(alice)
    first = desk.go(KEYS)
    first.get_by_label("Choose Twice").check()
    second = first.context.new_page()
    second.goto(f"{desk.url}/settings/api-keys/revoke?ids={api_key.public_id}")
    second.get_by_label("I understand").check()
    second.get_by_role("button", name="Revoke", exact=True).click()
    second.get_by_text("1 key was revoked.").wait_for()
    desk.press("Revoke the chosen keys…")
    first.get_by_text("What is revoked already stays so.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360, 320])
def test_every_step_can_be_read_by_everybody(at_desk, issue, scheme, width):
    issue("scans_read", "billing", name="A name that is a little longer")
    size = {"width": width, "height": 800}
    desk = at_desk(color_scheme=scheme, viewport=size)
    for page in (KEYS, f"{KEYS}?status=revoked", NEW):
        desk.go(page)
        assert (desk.findings(), desk.overflow()) == ([], 0), page
    fill(desk)
    desk.press("Review first")
    desk.sees("Review the key")
    assert (desk.findings(), desk.overflow()) == ([], 0)
    desk.press("Generate Key")
    desk.sees("Your new key")
    assert (desk.findings(), desk.overflow()) == ([], 0)
    assert len(desk.page.content()) < 30_000
    assert desk.complaints == []
