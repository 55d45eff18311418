"""Every page in Chromium: what axe finds, light and dark, wide and on a phone; no page
is wider than its window, complains, or asks another host."""

import pytest

from tests.browser import MARKS, NARROWEST, PHONE, WIDE
from tests.config.addresses import FACTORS, addresses, routes, visitors
from tests.furnished import furnish

pytestmark = MARKS

LOOKS = [(width, scheme) for width in (WIDE, PHONE) for scheme in ("light", "dark")]


def part_of(route):
    """A page of the menu, or what an address outside the settings begins with."""
    first, *others = route.split("/")
    return "/".join([first, *others[:1]]) if first == "settings" else first


# So that a finding names a part of the whole and each test stays short.
PARTS = sorted({part_of(route) for route in routes()})


@pytest.fixture
def house(alice, bob):
    return furnish(alice, bob)


def looked_at(desk):
    """What is wrong with the page that the window shows, in each of its looks."""
    for width, scheme in LOOKS:
        desk.page.set_viewport_size({"width": width, "height": 800})
        desk.page.emulate_media(color_scheme=scheme)
        for finding in desk.findings():
            yield f"{width} {scheme}: {finding}"
    desk.page.set_viewport_size({"width": NARROWEST, "height": 800})
    if desk.overflow() > 0:
        yield f"{desk.overflow()} pixels wider than {NARROWEST}"


def shows(page, url):
    """Open the address if it is a page: neither a button, nor data, nor a way on."""
    answer = page.request.get(url, max_redirects=0)
    kind = answer.headers.get("content-type", "")
    is_page = kind.startswith("text/html") and answer.status == 200
    if is_page:
        page.goto(url)
    return is_page


@pytest.mark.parametrize("part", PARTS)
def test_every_page_can_be_used_by_everybody(desk, house, part):
    wrong = []
    for address in addresses(house):
        if part_of(address.route) != part:
            continue
        page = desk.open(reduced_motion="reduce")
        if part.startswith(("settings", "oauth")):
            desk.come_in(
                visitors(house)[address.visitor], factors=FACTORS[address.visitor]
            )
        if shows(page, desk.url + address.path):
            wrong += [f"{address.route}: {each}" for each in looked_at(desk)]
        page.close()
    assert wrong == []
    assert desk.complaints == []


def test_refusals_and_questions_can_be_used_by_everybody(desk, house, alice, bob):
    """What stands in the place of a page: not found, not yours, is it you."""
    page = desk.open()
    desk.come_in(bob)
    wrong = []
    for path in ("/nowhere", "/settings/audit-log", "/settings/api-keys/key_none"):
        page.goto(desk.url + path)
        wrong += [f"{path}: {each}" for each in looked_at(desk)]
    assert wrong == []
    assert desk.complaints == []


def test_a_page_of_a_house_without_anything_can_be_used(desk, alice):
    """Every list has its empty state."""
    page = desk.open()
    desk.come_in(alice)
    wrong = []
    for route in routes():
        if not route.startswith("settings/") or "<" in route:
            continue
        if shows(page, f"{desk.url}/{route}"):
            wrong += [f"{route}: {each}" for each in looked_at(desk)]
    assert wrong == []
