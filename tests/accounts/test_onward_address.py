"""After a sign-in comes the page that was asked for, and only a page of this site."""

from urllib.parse import quote, urlsplit

import pytest

OUTSIDE = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https:evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "http://localhost@evil.example/",
    "http://testserver@evil.example/",
    "\u2028//evil.example",
    "/\x00/evil.example",
    "?next=//evil.example",
    "../..//evil.example",
    "http://testserver.evil.example/",
]
INSIDE = ["/", "/admin/", "/invitations/abc", "/docs/problems?x=1#key_revoked", "/a//b"]


def onward(browser, person, target):
    answer = browser.log_in(person, path=f"/login?next={quote(target, safe='')}")
    assert answer.status_code == 302
    return answer["Location"]


@pytest.mark.parametrize("target", OUTSIDE, ids=ascii)
def test_an_address_outside_is_not_followed(alice, browse, target):
    location = onward(browse(), alice, target)
    parts = urlsplit(location)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert location == "/" or (location[0] == "/" and location[1] not in "/\\")
    assert "\n" not in location


@pytest.mark.parametrize("target", INSIDE)
def test_a_page_of_this_site_is_shown_next(alice, browse, target):
    assert onward(browse(), alice, target) == target


def test_it_is_remembered_through_the_second_step(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    location = onward(browser, alice, "/admin/?q=1")
    assert location == "/login/code?next=%2Fadmin%2F%3Fq%3D1"
    answer = browser.fill_in(location, totp_code=app.code())
    assert answer["Location"] == "/admin/?q=1"


@pytest.mark.parametrize("target", OUTSIDE[:6], ids=ascii)
def test_the_second_step_does_not_lead_outside_either(alice, enrol, browse, target):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    path = f"/login/code?next={quote(target, safe='')}"
    assert browser.fill_in(path, totp_code=app.code())["Location"] == "/"


def test_the_last_of_two_addresses_does_not_smuggle_one_outside(alice, browse):
    path = "/login?next=/admin/&next=//evil.example/"
    assert browse().log_in(alice, path=path)["Location"] == "/"
