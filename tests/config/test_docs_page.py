"""Plain pages, reference and admin in a real browser, under the strict policy."""

from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import sync_playwright

from config.schema import document
from tests.cast import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
# Without the last ones Chromium looks up addresses of its own at every start.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.patient,
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


class Visit:
    """A page of the live server, and all that it complained about or fetched."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.complaints = []
        self.foreign = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message):
        # Chromium asks for this icon by itself wherever a page names none.
        asked_for = message.location.get("url", "")
        if message.type in ("error", "warning") and "favicon.ico" not in asked_for:
            self.complaints.append(message.text)

    def _request(self, request):
        if not request.url.startswith((self.url, "data:")):
            self.foreign.append(request.url)

    def go(self, path):
        self.page.goto(self.url + path, wait_until="networkidle")
        return self.page

    def width(self):
        """How wide the content is; the window is 320 pixels wide."""
        return self.page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def visit(live_server):
    with (
        override_settings(PUBLIC_URL=live_server.url),
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser,
    ):
        page = browser.new_page(viewport={"width": 320, "height": 800})
        yield Visit(page, live_server.url)


def test_the_reference_shows_every_operation_offline(visit):
    page = visit.go("/api/docs")
    page.wait_for_selector(".opblock")
    count = document().count(b'"operationId"')
    assert page.locator(".opblock").count() == count
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title() == "Doorward API"
    assert visit.complaints == visit.foreign == []


def test_the_reference_can_be_tried_out_under_the_strict_policy(visit):
    page = visit.go("/api/docs")
    page.click(".auth-wrapper .authorize")
    page.click(".btn-done")
    page.click("#operations-tag-sign-in + * .opblock-get .opblock-summary-control")
    page.click(".try-out__btn")
    page.click(".execute")
    page.wait_for_selector(".live-responses-table")
    # Without a credential the answer is 401, which Chromium mentions by itself.
    assert all("401" in complaint for complaint in visit.complaints)
    assert visit.foreign == []


@pytest.mark.parametrize("path", ["/docs/problems", "/login", "/nothing"])
def test_a_plain_page_fits_320_pixels_and_has_a_dark_form(visit, path):
    page = visit.go(path)
    assert visit.width() <= 320
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) != light
    assert [text for text in visit.complaints if "404" not in text] == []
    assert visit.foreign == []


def test_the_type_of_a_problem_leads_to_its_place_on_the_page(visit):
    page = visit.go("/docs/problems#rate_limited")
    assert page.locator(":target dt").inner_text() == "rate_limited"
    assert page.locator(":target").bounding_box()["y"] < 800


@pytest.mark.usefixtures("in_the_demo")
def test_the_admin_works_under_the_strict_policy(alice, visit):
    visit_admin(visit, alice.user.email)
    assert visit.complaints == visit.foreign == []


@pytest.fixture
def alice(alice):
    """Alice as an operator, made before the browser starts its event loop."""
    alice.user.is_staff = alice.user.is_superuser = True
    alice.user.save()
    return alice


def visit_admin(visit, email):
    page = visit.go("/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    visit.go("/admin/")
    addresses = page.locator("#content a").evaluate_all("all => all.map(a => a.href)")
    assert len(addresses) > 5
    for address in dict.fromkeys(addresses):
        visit.go(address.removeprefix(visit.url))
        rows = page.locator("#result_list tbody th a")
        if rows.count():
            rows.first.click()
            page.wait_for_load_state("networkidle")
