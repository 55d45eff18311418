"""Every page that people meet, read from the URLconf: small, framed, whole, and closed
to whom it does not concern. How it looks, test_browser_every_page says."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import AuditEvent
from tests.config.addresses import FACTORS, addresses, visitors
from tests.furnished import furnish
from tests.surfing import surf

MOST_HTML, MOST_CSS, MOST_JS = 30_000, 15_000, 15_000
STATIC = Path(__file__).resolve().parent.parent.parent / "static"
# Where nobody has to be signed in.
OPEN = re.compile(r"$|login|logout|password/|invitations/|docs/|oauth/|\.well-known/")
# Where an application leads back to, without anything that was begun before.
REFUSED = {"settings/oauth-applications/<str:application_id>/test/done": 400}


@pytest.fixture
def house(alice, bob):
    return furnish(alice, bob)


class Outline(HTMLParser):
    """What a page consists of."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.files, self.styled, self.ids = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.tags.append(tag)
        self.ids += [named["id"]] if "id" in named else []
        source = named.get("src") or named.get("href") or ""
        if tag in ("script", "link") and source.startswith("/static/"):
            self.files.append(STATIC / source.removeprefix("/static/"))
        self.styled += [name for name in named if name == "style" or name[:2] == "on"]


def answers(house):
    """Every address, and what it answers to a GET of who can reach it."""
    clients = {
        name: surf(person, factors=FACTORS[name])
        for name, person in visitors(house).items()
    }
    for address in addresses(house):
        yield address, clients[address.visitor].get(address.path)


def pages(house):
    """Those that are pages, also the ones that say that only a button leads here."""
    for address, answer in answers(house):
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/html") and answer.content:
            yield address, answer


def weight(files, suffix):
    return sum(file.stat().st_size for file in files if file.suffix == suffix)


def test_every_address_is_a_page_a_button_data_or_leads_on(house):
    """One that is none of them cannot be reached, or this sweep lacks its filling."""
    codes = {address.route: answer.status_code for address, answer in answers(house)}
    odd = {
        route: code
        for route, code in codes.items()
        if code not in (200, 301, 302, 303, 405)
    }
    assert odd == REFUSED
    assert sum(code == 200 for code in codes.values()) > 40


def test_every_page_is_small_and_its_files_are(house):
    heavy = []
    for address, answer in pages(house):
        files = Outline(answer.content.decode()).files
        weights = len(answer.content), weight(files, ".css"), weight(files, ".js")
        most = MOST_HTML, MOST_CSS, MOST_JS
        if any(is_ > may for is_, may in zip(weights, most, strict=True)):
            heavy.append((address.route, *weights))
    assert heavy == []


def test_every_page_has_one_heading_and_no_style_or_script_of_its_own(house):
    odd = []
    for address, answer in pages(house):
        outline = Outline(answer.content.decode())
        policy = answer.headers["Content-Security-Policy"]
        is_whole = (
            outline.tags.count("h1") == 1
            and outline.tags.count("main") == 1
            and not outline.styled
            and "style" not in outline.tags
            and len(outline.ids) == len(set(outline.ids))
            and "unsafe" not in policy
            and policy.startswith("default-src 'none'")
        )
        if not is_whole:
            odd.append((address.route, outline.styled, outline.tags.count("h1")))
    assert odd == []


def test_looking_at_every_page_changes_nothing(house):
    visited = list(pages(house))
    before = AuditEvent.objects.count()
    assert len(visited) == len(list(pages(house)))
    assert AuditEvent.objects.count() == before


def test_who_is_signed_out_is_asked_to_sign_in_and_comes_back(house):
    for address in addresses(house):
        if OPEN.match(address.route):
            continue
        answer = Client().get(address.path)
        where = answer.headers.get("Location", "")
        leads_on = where.startswith(("/login?next=%2Fsettings", "/settings/"))
        assert leads_on or answer.status_code in (401, 405), address


def test_nothing_of_another_organization_is_found(house, carol):
    """Neither looked at nor acted on."""
    client = surf(carol)
    found = []
    for address in addresses(house):
        if address.is_of_settings and address.has_parameter:
            codes = client.get(address.path).status_code, client.post(address.path)
            codes = codes[0], codes[1].status_code
            found += [(address.route, *codes)] if set(codes) - {404, 405} else []
    assert found == []


def test_no_button_works_without_the_token_of_the_form(house, alice):
    client = Client(enforce_csrf_checks=True)
    client.cookies = surf(alice).cookies
    taken = [
        address.route
        for address in addresses(house)
        if address.is_of_settings
        and client.post(address.path).status_code not in (403, 405)
    ]
    assert taken == []
