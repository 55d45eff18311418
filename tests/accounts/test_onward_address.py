"""After a sign-in comes the page that was asked for, and only a page of this site."""

import re
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
    "//evil.example?/",
    "//evil.example#/",
    "/" + "x" * 3000,
    "/?" + "x" * 24_000,
]
INSIDE = [
    *("/", "/admin/", "/invitations/abc", "/docs/problems?x=1#key_revoked", "/a//b"),
    # A request of an application: another address in it, and longer than most.
    f"/oauth/authorize?redirect_uri=https://app.example/cb&state={'x' * 8000}",
]


def onward(browser, person, target):
    answer = browser.log_in(person, path=f"/login?next={quote(target, safe='')}")
    assert answer.status_code == 302
    return answer["Location"]


@pytest.mark.parametrize("target", OUTSIDE, ids=lambda text: ascii(text[:40]))
def test_an_address_outside_is_not_followed(alice, browse, target):
    location = onward(browse(), alice, target)
    parts = urlsplit(location)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert location == "/" or (location[0] == "/" and location[1] not in "/\\")
    assert "\n" not in location


@pytest.mark.parametrize("target", INSIDE, ids=lambda text: text[:40])
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


def test_it_is_remembered_when_the_second_step_comes_too_late(
    alice, enrol, browse, clock
):
    enrol(alice)
    browser = browse()
    location = onward(browser, alice, "/admin/?q=1")
    assert 'href="/login?next=%2Fadmin%2F%3Fq%3D1"' in browser.read(location)
    clock.shift(10 * 60 + 1)
    assert browser.get(location)["Location"] == "/login?next=%2Fadmin%2F%3Fq%3D1"


def test_it_is_remembered_through_an_invitation(alice, carol, browse, post):
    with post():
        body = {"email": "dora@new.test", "role": "member"}
        url = alice.call("POST", "/api/v1/users", body).json()["invitation_url"]
    path = f"{urlsplit(url).path}?next=%2Fadmin%2F%3Fq%3D1"
    answer = browse().fill_in(path, name="Dora", password="seven blue lanterns")
    assert answer["Location"] == "/login?next=%2Fadmin%2F%3Fq%3D1"


def test_who_is_signed_in_goes_on_from_an_invitation(alice, carol, browse, post):
    with post():
        body = {"email": carol.user.email, "role": "member"}
        url = alice.call("POST", "/api/v1/users", body).json()["invitation_url"]
    browser = browse()
    browser.log_in(carol)
    answer = browser.fill_in(f"{urlsplit(url).path}?next=//evil.example/")
    assert answer["Location"] == "/"


@pytest.fixture
def reset(alice, post):
    """reset(asking, path, reading) -> where the reader of the mail is sent."""

    def run(asking, path, reading):
        link = re.search(r'href="(/password/reset[^"]*)"', asking.read(path))
        with post() as mails:
            asking.fill_in(link[1].replace("&amp;", "&"), email=alice.user.email)
        mailed = re.search(r"/password/reset/[^\s]+", mails[-1].body)[0]
        assert "next" not in mailed
        return reading.fill_in(mailed, new_password="walnut kayak 77 comet")["Location"]

    return run


def test_it_is_remembered_through_a_reset_in_the_same_browser(reset, browse):
    browser = browse()
    path = "/login?next=%2Fadmin%2F%3Fq%3D1"
    assert reset(browser, path, browser) == path


def test_a_reset_leads_no_other_browser_anywhere(reset, browse):
    """Anybody can ask for the mail, who reads it did not ask for the page."""
    assert reset(browse(), "/login?next=%2Fadmin%2F", browse()) == "/login"


@pytest.mark.parametrize("target", ["//evil.example/", "/admin/?" + "x" * 3000])
def test_a_reset_does_not_keep_every_address(reset, browse, target):
    browser = browse()
    path = f"/login?next={quote(target, safe='')}"
    assert reset(browser, path, browser) == "/login"


def test_the_page_says_that_it_goes_on(alice, browse):
    assert "<h1>Sign in to continue</h1>" in browse().read("/login?next=/admin/")
    for path in ("/login", "/login?next=//evil.example/", "/login?next=/"):
        assert "<h1>Sign in</h1>" in browse().read(path)


def test_the_form_is_there_for_who_is_signed_in_already(alice, bob, browse):
    browser = browse()
    browser.log_in(alice)
    assert onward(browser, bob, "/") == "/"
    assert f"Signed in as {bob.user.email}" in browser.read("/")


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        ("alice@acme.test", "alice@acme.test"),
        ('"><script>alert(1)</script>', "&quot;&gt;&lt;script&gt;alert(1)"),
    ],
)
def test_a_hint_fills_in_who_signs_in(alice, browse, hint, value):
    page = browse().read(f"/login?login_hint={quote(hint)}")
    assert f'value="{value}' in page
    assert "<script>" not in page
    assert page.index("autofocus") > page.index('name="password"')


@pytest.mark.parametrize("hint", ["", "x" * 255, "a\nb", "\x00", "\u202ea"])
def test_a_hint_that_cannot_be_an_address_is_left_out(alice, browse, hint):
    page = browse().read(f"/login?login_hint={quote(hint)}")
    assert 'value="' not in page.partition('name="email"')[2].partition(">")[0]
    assert page.index("autofocus") < page.index('name="password"')
