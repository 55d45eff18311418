"""A page of another site, in a real browser, reads its limits and how long to wait."""

from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import sync_playwright

from tests.live import serving
from tests.oauth.test_pages_in_a_browser import CHROMIUM, FLAGS, listening

pytestmark = [
    pytest.mark.slow,
    pytest.mark.patient,
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]
# What the page's script sees of an answer; it fails where the browser hides it all.
ASK = """async (address) => {
    const answer = await fetch(address, {
        method: "POST",
        headers: {Authorization: "Bearer x", "Content-Type": "application/json"},
        body: "{}",
    });
    const named = (name) => answer.headers.get(name);
    return {
        status: answer.status,
        code: (await answer.json()).code,
        remaining: named("X-RateLimit-Remaining"),
        rest: ["X-RateLimit-Limit", "X-RateLimit-Reset", "RateLimit",
               "RateLimit-Policy"].map(named),
        wait: named("Retry-After"),
    };
}"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(
            b"<!doctype html><title>App</title><link rel=icon href=data:,>"
        )

    def log_message(self, *_words):
        pass


@pytest.fixture
def page(tmp_path):
    """A page of another origin, and a server with three requests in a minute."""
    few = {"DOORWARD_ANONYMOUS_LIMITS": "3/min, 3/s"}
    with (
        serving(tmp_path, **few) as live,
        listening(Page) as other,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        opened = chromium.new_page()
        opened.goto(other)
        yield lambda path: opened.evaluate(ASK, live.url + path)
        chromium.close()


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/userinfo"])
def test_a_page_of_another_site_counts_down_and_waits(page, path):
    answers = [page(path) for _ in range(4)]
    assert [answer["remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert all(all(answer["rest"]) for answer in answers)
    statuses = [answer["status"] for answer in answers]
    assert set(statuses[:3]) <= {400, 401}
    assert statuses[3] == 429
    assert answers[3]["code"] == "rate_limited"
    assert [answer["wait"] for answer in answers[:3]] == [None] * 3
    assert 1 <= int(answers[3]["wait"]) <= 60
