"""One key in a browser: its life, two windows, without scripts, by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from accounts.audit import SYSTEM
from apikeys import lifecycle
from apikeys.models import ApiKey
from ratelimits import usage
from tests.browser import MARKS, NARROWEST, PHONE, WIDE
from tests.cast import person

pytestmark = MARKS


def at(api_key, rest=""):
    return f"/settings/api-keys/{api_key.public_id}{rest}"


def status(api_key):
    return ApiKey.objects.get(pk=api_key.pk).status


def test_a_key_is_revoked_and_brought_back_without_scripts(desk, alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    page = desk.open(java_script_enabled=False)
    desk.come_in(alice)
    desk.go(at(api_key))
    desk.press("Revoke…", role="link")
    page.get_by_label("Reason").select_option("unused")
    page.get_by_label("Name of the key").fill("Nightly")
    desk.press("Revoke")
    expect(page.get_by_role("status")).to_contain_text("Revoked.")
    assert status(api_key) == "revoked"
    desk.press("Undo")
    expect(page.get_by_role("status")).to_contain_text("Restored.")
    assert status(api_key) == "active"
    assert desk.complaints == []


def test_what_one_window_revoked_the_other_explains(desk, alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    first = desk.open()
    session = desk.come_in(alice)
    desk.go(at(api_key))
    second = desk.open()
    second.context.add_cookies([desk.cookie(session)])
    desk.go(at(api_key, "/revoke"))
    second.get_by_label("Name of the key").fill("Nightly")
    desk.press("Revoke")
    second.get_by_text("This key is revoked.").wait_for()
    first.get_by_role("button", name="Disable", exact=True).click()
    expect(first.get_by_role("alert")).to_contain_text("The key is revoked")
    expect(first.get_by_role("button", name="Undo")).to_be_visible()
    assert status(api_key) == "revoked"
    assert desk.complaints == []


def test_a_key_is_rotated_once_and_back_shows_no_secret(desk, alice, issue, call):
    api_key, old = issue("scans_read")
    page = desk.open()
    desk.come_in(alice)
    desk.go(at(api_key, "/rotate"))
    page.get_by_label("1 hour").check()
    desk.press("Rotate")
    new = page.locator("#new-key").inner_text()
    assert call(new).status_code == call(old).status_code == 200
    page.get_by_label("I have stored it").check()
    desk.press("Done", role="link")
    desk.sees("A rotation is under way")
    # It is kept nowhere, so the browser would have to ask for it again, by a form.
    assert new not in desk.back()
    desk.go(at(api_key))
    desk.press("Finish: end the old secret now")
    expect(page.get_by_role("status").first).to_contain_text("Finished.")
    assert call(old).status_code == 401
    assert new not in page.content()
    assert desk.complaints == []


def test_the_keyboard_alone_disables_and_edits_a_key(desk, alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    page = desk.open()
    desk.come_in(alice)
    desk.go(at(api_key))
    tab_to(page, "Disable")
    page.keyboard.press("Enter")
    page.get_by_text("This key is disabled.").wait_for()
    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    desk.sees("Edit the key")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Weekly")
    page.keyboard.press("Enter")
    desk.sees("Weekly")
    assert status(api_key) == "disabled"
    assert desk.complaints == []


def tab_to(page, name):
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = "document.activeElement.textContent.trim()"
        if page.evaluate(focused) == name:
            return
    pytest.fail(f"Tab never reaches {name}.")


def test_a_member_is_removed_and_a_key_goes_on_without_scripts(
    desk, alice, issue, call
):
    adam = person("adam@acme.test", alice.organization, "admin")
    stays, stops = (
        issue("scans_read", name=name, owner=adam) for name in ("Server", "Laptop")
    )
    page = desk.open(java_script_enabled=False)
    desk.come_in(alice)
    desk.go(f"/settings/members/{adam.user.public_id}/remove")
    page.get_by_label("Server").check()
    desk.press("Remove")
    page.wait_for_url(re.compile("/settings/members$"))
    assert (call(stays[1]).status_code, call(stops[1]).status_code) == (200, 401)
    assert desk.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_the_pages_have_no_finding(desk, alice, bob, issue, call, scheme, width):
    api_key, key = issue("scans_read", "billing", name="N" * 60, tags=("blue",))
    call(key)
    call(key, "POST", body={"scope": "full"})
    usage.recorder.flush()
    revoked = issue("scans_read", owner=bob)[0]
    lifecycle.revoke(revoked, reason="unused", by=SYSTEM)
    page = desk.open(color_scheme=scheme, viewport={"width": width, "height": 800})
    desk.come_in(alice)
    leave = f"/settings/members/{bob.user.public_id}/remove"
    forms = [
        at(api_key, f"/{name}") for name in ("edit", "rotate", "revoke", "transfer")
    ]
    for path in (at(api_key), at(revoked), leave, *forms):
        desk.go(path)
        assert (path, desk.findings(), desk.overflow()) == (path, [], 0)
        page.set_viewport_size({"width": NARROWEST, "height": 800})
        assert (path, desk.overflow()) == (path, 0)
        page.set_viewport_size({"width": width, "height": 800})
    assert desk.complaints == []
