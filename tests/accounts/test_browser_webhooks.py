"""The webhook pages in a real browser: without scripts, by keyboard, in two windows."""

import re

import pytest

from accounts.models import WebhookDelivery, WebhookEndpoint
from tests.accounts.hooks import LOOPBACK, deliver, hooked
from tests.browser import MARKS, NARROWEST

pytestmark = MARKS
PAGE = "/settings/webhooks"
URL = "https://hooks.example.com/doorward"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture(autouse=True)
def _inner(settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK


def add(desk, url=URL):
    desk.go(f"{PAGE}/new")
    desk.page.get_by_label("Address").fill(url)
    desk.press("Add webhook")
    return desk.sees("The webhook was added")


def settled(desk):
    assert desk.findings() == []
    desk.page.set_viewport_size({"width": NARROWEST, "height": 800})
    assert desk.overflow() <= 0
    desk.page.set_viewport_size({"width": 1280, "height": 800})


def test_without_scripts_it_is_added_tried_and_removed(alice, desk):
    desk.open(java_script_enabled=False)
    desk.come_in(alice)
    with hooked(alice) as hook:
        desk.go(f"{PAGE}/{hook.id}")
        desk.press("Send a test")
        desk.sees("webhook.test")
        deliver()
        desk.press("Look again", role="link")
        assert desk.page.get_by_text("200 after").is_visible()
        desk.press("Send it again")
        deliver()
        assert len(hook.messages) == 2
        desk.go(f"{PAGE}/{hook.id}")
        desk.press("Switch off")
        assert desk.page.get_by_role("button", name="Send a test").is_disabled()
        desk.press("Remove", role="link")
        desk.press("Remove")
        desk.sees("Webhooks")
    assert not WebhookEndpoint.objects.exists()
    assert desk.complaints == []


def test_the_secret_is_copied_and_gone_after_going_back(alice, desk):
    desk.open()
    desk.come_in(alice)
    page = add(desk)
    [secret] = SECRET.findall(page.content())
    assert page.get_by_text(secret).is_visible()
    settled(desk)
    page.get_by_label("I have stored it").check()
    desk.press("To the webhook", role="link")
    desk.sees("Webhook")
    assert SECRET.search(page.content()) is None
    # Chromium keeps nothing of the answer: it would have to send the form again.
    assert secret not in desk.back()
    assert WebhookEndpoint.objects.count() == 1
    assert desk.complaints == []


def test_reloading_the_secret_page_makes_no_second_webhook(alice, desk):
    desk.open()
    desk.come_in(alice)
    page = add(desk)
    page.get_by_label("I have stored it").check()
    page.reload()
    desk.sees("Done before")
    assert SECRET.search(page.content()) is None
    assert WebhookEndpoint.objects.count() == 1


def test_by_keyboard_alone_it_is_added(alice, desk):
    desk.open()
    desk.come_in(alice)
    page = desk.go(PAGE)
    page.get_by_role("link", name="Add webhook").press("Enter")
    page.get_by_label("Address").press("a")
    page.keyboard.press("Control+A")
    page.keyboard.type(URL)
    page.keyboard.press("Tab")
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    desk.sees("The webhook was added")
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.description) == (URL, "By hand")
    assert endpoint.events == ["api_key.created"]
    assert desk.complaints == []


def test_what_one_window_removed_the_other_says_is_gone(alice, desk):
    desk.open()
    desk.come_in(alice)
    add(desk)
    endpoint = WebhookEndpoint.objects.get()
    first = desk.page
    first.get_by_label("I have stored it").check()
    desk.go(f"{PAGE}/{endpoint.public_id}")
    settled(desk)
    second = desk.chromium.new_page()
    second.context.add_cookies(first.context.cookies())
    desk.watch(second)
    second.goto(f"{desk.url}{PAGE}/{endpoint.public_id}/remove")
    second.get_by_role("button", name="Remove").click()
    second.get_by_text("The webhook was removed.").wait_for()
    desk.press("Send a test")
    first.get_by_role("alert").wait_for()
    assert first.get_by_role("heading", level=1).count() == 1
    assert not WebhookDelivery.objects.exists()
    assert desk.complaints == []


def test_the_forms_and_the_empty_list_have_no_findings(alice, desk):
    for scheme in ("light", "dark"):
        desk.open(color_scheme=scheme)
        desk.come_in(alice)
        for path in (PAGE, f"{PAGE}/new"):
            desk.go(path)
            settled(desk)
        desk.page.get_by_label("Address").fill("ftp://x")
        desk.press("Add webhook")
        desk.page.get_by_text("not a web address").wait_for()
        settled(desk)
    assert desk.complaints == []
