"""The pages of OAuth in a real browser: no JavaScript, by keyboard, small, dark."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import sync_playwright

from oauth import devices
from tests.cast import PASSWORD
from tests.oauth.conftest import address, register

CHROMIUM = Path("/usr/bin/chromium")
# Without the last ones Chromium looks up addresses of its own at every start.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
GROUND = "getComputedStyle(document.body).backgroundColor"
WIDTH = "document.documentElement.scrollWidth"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.patient,
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


class Callback(BaseHTTPRequestHandler):
    """Where an application hears the answer. It needs no page of its own."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(
            b"<!doctype html><title>Back</title><link rel=icon href=data:,>"
        )

    def log_message(self, *_words):
        pass


@contextmanager
def listening(handler):
    """Yields the callback's address, on a port of its own and so of another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callback"
    finally:
        server.shutdown()
        server.server_close()


class Visit:
    """Windows of the live server, and all that they complained about."""

    def __init__(self, chromium, url):
        self.chromium = chromium
        self.url = url
        self.complaints = []
        self.page = None

    def open(self, **options):
        options = {"java_script_enabled": False, **options}
        self.page = self.chromium.new_page(**options)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return self.page

    def _console(self, message):
        # Chromium mentions every answer of 400 and more by itself.
        asked = message.location.get("url", "")
        of_ours = "status of 4" not in message.text and "favicon.ico" not in asked
        if message.type in ("error", "warning") and of_ours:
            self.complaints.append(message.text)

    def go(self, path):
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, email="alice@acme.test"):
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("Sign in")

    def press(self, button):
        self.page.get_by_role("button", name=button, exact=True).click()

    def sees(self, heading):
        self.page.get_by_role("heading", name=heading).wait_for()
        return self.page


@pytest.fixture
def callback():
    with listening(Callback) as address:
        yield address


@pytest.fixture
def app(alice, callback):
    """An application of alice's that listens on loopback, made before the browser
    starts its event loop."""
    return register(alice, name="Slack Bot", redirect_uris=callback)


@pytest.fixture
def device(app):
    """What a device of that application shows."""
    return devices.begin(app.row, ["scans_read"]).user_code


@pytest.fixture
def visit(live_server, app, device, callback):
    with (
        override_settings(PUBLIC_URL=live_server.url),
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as chromium,
    ):
        visit = Visit(chromium, live_server.url)
        visit.asks = address(app, redirect_uri=callback, state="opaque")
        yield visit


def test_without_javascript_a_yes_reaches_the_application(visit, callback):
    page = visit.open()
    visit.go(visit.asks)
    visit.sign_in()
    visit.press("Allow")
    page.wait_for_url(f"{callback}?code=*")
    assert "state=opaque" in page.url
    assert visit.complaints == []


def test_without_javascript_a_no_reaches_it_too(visit, callback):
    page = visit.open()
    visit.go(visit.asks)
    visit.sign_in()
    visit.press("Cancel")
    page.wait_for_url(f"{callback}?error=access_denied*")
    assert visit.complaints == []


def test_with_a_remembered_consent_the_sign_in_leads_straight_there(visit, callback):
    """The policy of the page with the form counts for the whole chain."""
    page = visit.open()
    visit.go(visit.asks)
    visit.sign_in()
    visit.press("Allow")
    page.wait_for_url(f"{callback}?code=*")
    page = visit.open()
    visit.go(visit.asks)
    visit.sign_in()
    page.wait_for_url(f"{callback}?code=*")
    assert visit.complaints == []


def test_consent_is_given_by_keyboard(visit, callback):
    page = visit.open()
    visit.go(visit.asks)
    # The field for the e-mail address has the focus already.
    page.wait_for_selector("input[name=email]:focus")
    page.keyboard.type("alice@acme.test")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    visit.sees("Slack Bot wants to use your NetRecon account")
    # Past "skip to content", "Doorward" and "Not you?".
    for focused in ("Skip to content", "Doorward", "Not you?", "Allow"):
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == focused
    page.keyboard.press("Enter")
    page.wait_for_url(f"{callback}?code=*")
    assert visit.complaints == []


def test_a_yes_and_a_no_are_equally_big(visit):
    page = visit.open(viewport={"width": 320, "height": 800})
    visit.go(visit.asks)
    visit.sign_in()
    visit.sees("Slack Bot wants")
    yes, no = (button.bounding_box() for button in page.locator(".button").all())
    assert (yes["y"], yes["width"], yes["height"]) == (
        no["y"],
        no["width"],
        no["height"],
    )
    assert yes["x"] < no["x"]


def test_a_device_is_let_in_without_javascript(visit, device):
    page = visit.open()
    visit.go("/oauth/device")
    visit.sign_in()
    page.wait_for_selector("#user_code:focus")
    page.keyboard.type(device.lower())
    page.keyboard.press("Enter")
    visit.sees("A device wants to sign in")
    visit.press("Allow")
    visit.sees("The device is connected")
    assert visit.complaints == []


def every_page(visit, device):
    """Goes through them all, and stops at each."""
    page = visit.page
    visit.go(visit.asks)
    yield visit.sees("Sign in to continue")
    visit.sign_in()
    yield visit.sees("Slack Bot wants")
    visit.go("/oauth/authorize")
    yield visit.sees("The application's request is not valid")
    visit.go("/oauth/device?user_code=BCDF-GHJK")
    page.press("#user_code", "Enter")
    page.wait_for_selector(".error")
    yield visit.sees("Connect a device")
    page.fill("#user_code", device)
    page.keyboard.press("Enter")
    yield visit.sees("A device wants to sign in")
    visit.press("Cancel")
    yield visit.sees("The device was not connected")
    visit.go("/oauth/logout")
    yield visit.sees("Sign out?")
    visit.press("Sign out")
    yield visit.sees("You are signed out")


def test_every_page_fits_320_pixels_and_has_a_dark_form(visit, device):
    small = {"width": 320, "height": 800}
    visit.open(java_script_enabled=True, viewport=small, color_scheme="light")
    for page in every_page(visit, device):
        assert page.evaluate(WIDTH) <= 320, page.title()
        light = page.evaluate(GROUND)
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(GROUND) != light, page.title()
        page.emulate_media(color_scheme="light")
    assert visit.complaints == []
