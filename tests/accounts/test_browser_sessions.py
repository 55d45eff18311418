"""Sessions, organization and audit log in a real browser."""

import re

import pytest
from django.utils import timezone

from accounts.models import Membership, Session
from accounts.roles import Role
from apikeys.models import policy_of
from tests.browser import MARKS
from tests.surfing import begin

pytestmark = MARKS
SESSIONS = "/settings/sessions"


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def either(request, desk, alice):
    desk.open(java_script_enabled=request.param)
    desk.come_in(alice)
    return desk


def another_tab(page, path):
    """One with the same cookies."""
    with page.expect_popup() as opened:
        page.evaluate("path => open(path)", path)
    return opened.value


def test_one_sign_in_is_ended_and_then_all(either, alice):
    for _ in range(3):
        begin(alice, factors=["pwd"])
    page = either.go(SESSIONS)
    page.get_by_role("button", name=re.compile("^End the sign-in")).first.click()
    page.get_by_text("The sign-in has ended.").wait_for()
    assert Session.objects.alive().count() == 3
    either.press("Sign out everywhere else")
    page.get_by_text("All your other sign-ins have ended.").wait_for()
    assert Session.objects.alive().count() == 1
    assert either.complaints == []


def test_who_was_ended_elsewhere_is_led_to_the_sign_in_page(desk, alice):
    desk.come_in(alice)
    away = desk.chromium.new_page()
    away.context.add_cookies([desk.cookie(begin(alice, factors=["pwd"]))])
    away.goto(f"{desk.url}{SESSIONS}")
    desk.go(SESSIONS)
    desk.press("Sign out everywhere else")
    desk.page.get_by_text("All your other sign-ins have ended.").wait_for()
    away.reload()
    assert "/login?next=" in away.url


def test_ended_in_one_tab_explained_in_the_other(desk, alice):
    desk.come_in(alice)
    begin(alice, factors=["pwd"])
    page = desk.go(SESSIONS)
    other = another_tab(page, SESSIONS)
    end = re.compile("^End the sign-in")
    page.get_by_role("button", name=end).click()
    page.get_by_text("The sign-in has ended.").wait_for()
    other.get_by_role("button", name=end).click()
    other.get_by_text("This sign-in has ended already.").wait_for()


def test_a_sign_in_is_ended_by_keyboard_alone(desk, alice):
    desk.come_in(alice)
    begin(alice, factors=["pwd"])
    page = desk.go(SESSIONS)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "End":
            break
    page.keyboard.press("Enter")
    page.get_by_text("The sign-in has ended.").wait_for()


def test_the_organization_is_switched_in_one_tab_and_so_in_the_other(
    desk, alice, carol
):
    desk.come_in(alice)
    Membership.objects.create(
        user=alice.user,
        organization=carol.organization,
        role=Role.MEMBER,
        joined_at=timezone.now(),
    )
    page = desk.go("/settings/organization")
    other = another_tab(page, "/settings/audit-log")
    desk.press("Switch to Other")
    desk.sees("Other")
    other.reload()
    other.get_by_text("needs the role admin").wait_for()
    assert desk.complaints == []


def test_the_key_policy_is_set(either, alice):
    page = either.go("/settings/organization")
    either.press("Open the key policy", "link")
    page.get_by_label("Longest life in days").fill("90")
    page.get_by_label("Every new key must expire").check()
    page.get_by_label(re.compile("^Rotate it")).check()
    either.press("Save the policy")
    page.get_by_text("The policy holds").wait_for()
    policy = policy_of(alice.organization)
    assert (policy.longest_days, policy.must_expire) == (90, True)
    assert policy.leak_action == "rotate"
    assert either.complaints == []


def test_the_audit_log_is_filtered_by_what_is_in_it(either, alice, issue):
    issue("scans_read", name="Nightly job")
    page = either.go("/settings/audit-log")
    page.get_by_role("link", name="Nightly job").click()
    page.get_by_role("link", name="Show all").wait_for()
    assert page.get_by_role("row").count() == 2
    page.get_by_role("link", name="Show all").click()
    page.get_by_label("Action").fill("api_key.")
    either.press("Filter")
    assert "action=api_key." in page.url
    assert page.get_by_role("row").count() == 2
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "Nightly job" in download.value.path().read_text()
    assert either.complaints == []


@pytest.mark.parametrize(
    "path",
    [
        SESSIONS,
        "/settings/organization",
        "/settings/organization/key-policy",
        "/settings/audit-log",
        "/settings/audit-log?since=never&actor=nobody",
    ],
)
def test_the_pages_have_no_findings_and_fit(desk, alice, issue, path):
    issue("scans_read", "scans_write", name="A name of many words that runs on")
    begin(alice, factors=["pwd", "otp"])
    desk.come_in(alice)
    for scheme, width in (("light", 1280), ("dark", 360), ("light", 320)):
        desk.page.emulate_media(color_scheme=scheme)
        desk.page.set_viewport_size({"width": width, "height": 800})
        desk.go(path)
        assert desk.findings() == []
        assert desk.overflow() <= 0
