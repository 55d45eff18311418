"""The members' and the usage pages in a real browser."""

import re

import pytest

from accounts.models import Invitation
from tests.browser import MARKS, NARROWEST

pytestmark = MARKS
PAGE = "/settings/members"
LINK = re.compile(r"/invitations/[\w-]{43}")


def settled(desk):
    assert desk.findings() == []
    desk.page.set_viewport_size({"width": NARROWEST, "height": 800})
    assert desk.overflow() <= 0
    desk.page.set_viewport_size({"width": 1280, "height": 800})


def test_without_scripts_somebody_is_invited_and_comes(alice, desk):
    desk.open(java_script_enabled=False)
    desk.come_in(alice)
    desk.go(PAGE)
    desk.press("Invite somebody", role="link")
    desk.page.get_by_label("E-mail").fill("dora@new.test")
    desk.page.get_by_label("Role").select_option("admin")
    desk.press("Invite")
    page = desk.sees("dora@new.test is invited")
    [link] = LINK.findall(page.content())
    desk.press("To the members", role="link")
    assert desk.page.get_by_role("row", name="dora@new.test").is_visible()
    assert LINK.search(page.content()) is None
    theirs = desk.open(java_script_enabled=False)
    theirs.goto(desk.url + link)
    theirs.get_by_label("Name").fill("Dora")
    theirs.get_by_label("Password", exact=True).fill("quiet harbour 91 lamp")
    theirs.locator("main form button[type=submit]").first.click()
    theirs.wait_for_load_state()
    assert Invitation.objects.get().accepted_at is not None
    assert desk.complaints == []


def test_by_keyboard_alone_a_role_is_changed_and_a_member_rests(alice, bob, desk):
    desk.open()
    desk.come_in(alice)
    page = desk.go(PAGE)
    page.get_by_role("link", name="Bob").press("Enter")
    desk.sees("Bob")
    page.get_by_label("Role").press("V")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The role was changed.").wait_for()
    page.get_by_role("button", name="Deactivate").press("Enter")
    page.get_by_text("The member was deactivated.").wait_for()
    bob.membership.refresh_from_db()
    assert (bob.membership.role, bob.membership.is_active) == ("viewer", False)
    assert desk.complaints == []


def test_who_lost_the_right_in_one_window_cannot_use_the_other(alice, bob, desk):
    desk.open()
    bob.membership.role = "admin"
    bob.membership.save()
    desk.come_in(bob)
    page = desk.go(f"{PAGE}/{bob.user.public_id}")
    bob.membership.role = "member"
    bob.membership.save()
    page.get_by_label("Role").select_option("admin")
    desk.press("Change the role")
    page.get_by_role("alert").wait_for()
    bob.membership.refresh_from_db()
    assert bob.membership.role == "member"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_findings_or_is_too_wide(alice, bob, issue, call, desk, scheme):
    key = issue("scans_read", owner=bob)[1]
    for _ in range(3):
        call(key)
    desk.open(color_scheme=scheme)
    desk.come_in(alice)
    for path in (
        PAGE,
        f"{PAGE}?search=nobody",
        f"{PAGE}/new",
        f"{PAGE}/{bob.user.public_id}",
        "/settings/usage",
    ):
        desk.go(path)
        settled(desk)
    desk.go("/settings/usage").get_by_text("As a table").click()
    settled(desk)
    assert desk.complaints == []


def test_without_scripts_the_usage_is_filtered_and_alerts_are_switched(alice, desk):
    desk.open(java_script_enabled=False)
    desk.come_in(alice)
    page = desk.go("/settings/usage")
    page.get_by_label("Days").select_option("90")
    desk.press("Show")
    assert "days=90" in page.url
    page.get_by_label("80 %", exact=True).uncheck()
    desk.press("Save the alerts")
    page.get_by_text("The alerts are saved.").wait_for()
    alice.organization.refresh_from_db()
    assert alice.organization.alert_percents == [100]
    assert desk.complaints == []
