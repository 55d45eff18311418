"""The pictures of the README: docs/pages/*.png, made of the pages as they are.

`DOORWARD_WRITE_PICTURES=1` makes them anew. Otherwise this looks whether each page
still shows what its picture is of, and whether the picture is there and in the README.
"""

import os
import struct
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import MARKS, PHONE, WIDE
from tests.config.addresses import consent_query
from tests.furnished import furnish

pytestmark = MARKS

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "docs" / "pages"
WRITES = bool(os.environ.get("DOORWARD_WRITE_PICTURES"))
# Name of a look, its window, its colours.
LOOKS = {
    "light": ({"width": WIDE, "height": 900}, "light"),
    "dark": ({"width": WIDE, "height": 900}, "dark"),
    "phone": ({"width": PHONE, "height": 800}, "light"),
}


@pytest.fixture
def house(alice, bob):
    return furnish(alice, bob)


def sign_in(desk, house):
    desk.page.context.clear_cookies()
    desk.go("/login")
    return "Sign in"


def api_keys(desk, house):
    desk.go("/settings/api-keys")
    return "API Keys"


def new_key(desk, house):
    desk.go("/settings/api-keys/new?name=Release%20bot&scopes=scans_read+devices_read")
    return "Generate Key"


def key(desk, house):
    desk.go(f"/settings/api-keys/{house.keys['CI pipeline'].public_id}")
    return "CI pipeline"


def usage(desk, house):
    desk.go("/settings/usage")
    return "Usage & limits"


def security(desk, house):
    desk.go("/settings/security")
    return "Security"


def members(desk, house):
    desk.go("/settings/members")
    return "Members"


def audit_log(desk, house):
    desk.go("/settings/audit-log")
    return "Audit log"


def application(desk, house):
    row = house.apps["web"].row
    desk.go(f"/settings/oauth-applications/{row.public_id}")
    return "Alert Relay"


def consent(desk, house):
    desk.go(f"/oauth/authorize{consent_query(house)}")
    return "Wallboard wants to use your NetRecon account"


PAGES = {
    "sign-in": sign_in,
    "api-keys": api_keys,
    "new-key": new_key,
    "key": key,
    "usage": usage,
    "security": security,
    "members": members,
    "audit-log": audit_log,
    "application": application,
    "consent": consent,
}


def size(picture):
    """Width and height of a PNG, from its first chunk."""
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize("look", LOOKS)
def test_each_page_looks_as_its_picture_says(desk, house, alice, look):
    viewport, scheme = LOOKS[look]
    for name, show in PAGES.items():
        desk.open(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        desk.come_in(alice)
        heading = show(desk, house)
        expect(desk.page.get_by_role("heading", level=1)).to_have_text(heading)
        picture = desk.page.screenshot()
        file = PLACE / f"{name}-{look}.png"
        if WRITES:
            file.write_bytes(picture)
        assert size(file.read_bytes()) == size(picture), file.name
        desk.page.close()
    assert desk.complaints == []


def test_the_readme_shows_every_picture():
    readme = (ROOT / "README.md").read_text()
    for file in sorted(PLACE.glob("*.png")):
        assert f"docs/pages/{file.name}" in readme, file.name
    wanted = {f"{name}-{look}.png" for name in PAGES for look in LOOKS}
    assert wanted == {file.name for file in PLACE.glob("*.png")}
