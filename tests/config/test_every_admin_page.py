"""Every page of the admin in a real browser: nothing to complain about, nowhere."""

from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.utils import timezone

from accounts import outbox
from accounts.models import Session
from apikeys.models import ApiKey
from oauth.models import Application
from tests.browser import MARKS, NARROWEST, PHONE, WIDE
from tests.oauth.registering import made
from tests.operating import FACTORS, promote

pytestmark = MARKS

LOOKS = [
    {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    for scheme in ("light", "dark")
    for width in (WIDE, PHONE)
]
TABLES = [
    "accounts/organization", "accounts/user", "accounts/membership",
    "accounts/session", "accounts/auditevent", "accounts/outboxmessage",
    "accounts/signingkey", "apikeys/apikey", "oauth/application", "ratelimits/usage",
    "scans/scan",
]  # fmt: skip
OWN = ["", "plans/", "apikeys/apikey/find/", "apikeys/apikey/add/"]


@pytest.fixture
def pages(alice, bob, issue):
    """The addresses of all pages, with something on each."""
    promote(alice)
    soon = timezone.now() + timedelta(days=3)
    api_key = issue("scans_read", "scans_write", expires_at=soon, tags=["ci"])[0]
    application = Application.objects.with_public_id(made(alice)["id"]).get()
    message = outbox.post("mail", {}, organization=alice.organization)
    bob.sign_in()
    organization = alice.organization
    rows = [
        f"accounts/organization/{organization.pk}/change/",
        f"accounts/user/{bob.user.pk}/change/",
        f"accounts/membership/{bob.membership.pk}/change/",
        f"accounts/session/{Session.objects.first().pk}/change/",
        f"accounts/outboxmessage/{message.pk}/change/",
        f"apikeys/apikey/{api_key.pk}/change/",
        f"apikeys/apikey/{api_key.pk}/rotate/",
        f"apikeys/apikey/add/?organization={organization.public_id}",
        f"oauth/application/{application.pk}/change/",
        f"oauth/application/{application.pk}/rotate-secret/",
        "oauth/application/add/",
        "apikeys/apikey/?q=nothing-is-called-so",
    ]
    return [f"/admin/{each}" for each in [*OWN, *rows, *(f"{t}/" for t in TABLES)]]


def test_every_table_of_the_admin_is_in_the_list():
    shown = {
        f"{model._meta.app_label}/{model._meta.model_name}"
        for model, admin in site._registry.items()
        if type(admin).__name__ != "HiddenAdmin"
    }
    assert shown == set(TABLES)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_nobody_finds_anything_on_any_page(desk, pages, alice, look):
    desk.open(**look)
    desk.come_in(alice, factors=FACTORS)
    found = {}
    for path in pages:
        page = desk.go(path)
        assert page.title().endswith("Doorward"), path
        found[path] = desk.findings()
        assert len(page.content()) < 30_000, path
        assert page.locator("h1").count() == 1, path
    assert {path: each for path, each in found.items() if each} == {}
    assert desk.complaints == []


def test_no_page_is_wider_than_the_narrowest_window(desk, pages, alice):
    desk.open(viewport={"width": NARROWEST, "height": 700})
    desk.come_in(alice, factors=FACTORS)
    wide = {path: desk.go(path) and desk.overflow() for path in pages}
    assert {path: by for path, by in wide.items() if by > 0} == {}


def test_the_admin_loads_two_small_sheets_and_one_small_script(desk, alice):
    promote(alice)
    desk.open()
    loaded = {}
    desk.page.on("response", lambda got: loaded.update({got.url: got}))
    desk.come_in(alice, factors=FACTORS)
    desk.go("/admin/apikeys/apikey/")
    sizes = {}
    for url, got in loaded.items():
        kind = url.rpartition(".")[2]
        sizes[kind] = sizes.get(kind, 0) + len(got.body())
    assert sizes["css"] < 15_000
    assert sizes["js"] < 15_000


@pytest.mark.parametrize("scripts", [True, False])
def test_a_key_is_issued_and_revoked_by_hand(desk, alice, scripts):
    promote(alice)
    desk.open(java_script_enabled=scripts)
    desk.come_in(alice, factors=FACTORS)
    page = desk.go(f"/admin/accounts/organization/{alice.organization.pk}/change/")
    desk.press("Issue a key", "link")
    page.get_by_label("Name").fill("By hand")
    page.get_by_label("scans_read").check()
    desk.press("Generate Key")
    desk.sees("Copy it now")
    key = page.locator("#secret").inner_text()
    desk.press("Done", "link")
    assert key not in page.content()
    desk.press("Revoke")
    assert ApiKey.objects.get().revoked_at is None
    desk.press("Revoke")
    desk.sees("By hand")
    assert ApiKey.objects.get().revoked_at is not None
    desk.press("Restore")
    desk.press("Restore")
    page.get_by_text("active").first.wait_for()
    assert ApiKey.objects.get().revoked_at is None
    assert desk.complaints == []


def test_the_list_is_worked_by_keyboard_alone(desk, alice, issue):
    promote(alice)
    api_key = issue("scans_read")[0]
    desk.open()
    desk.come_in(alice, factors=FACTORS)
    page = desk.go("/admin/apikeys/apikey/")
    page.get_by_label("With the chosen rows").focus()
    page.keyboard.type("Revoke")
    page.locator("#result_list input").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Go on").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Revoke").wait_for()
    page.get_by_role("button", name="Revoke").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Restore").wait_for()
    api_key.refresh_from_db()
    assert api_key.revoked_at is not None
    assert desk.complaints == []
