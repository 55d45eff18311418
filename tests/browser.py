"""A real browser on the live server: what it shows, asks for and complains about.

`desk` is the fixture; a test that uses it is slow, patient and sqlite_only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    sync_playwright,
)

from accounts.models import Session
from tests.cast import Person
from tests.live import node_package
from tests.surfing import begin, cookie_of

CHROMIUM = Path("/usr/bin/chromium")
# Without the last ones Chromium looks up addresses of its own at every start.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE, NARROWEST = 1280, 360, 320
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MARKS = [
    pytest.mark.slow,
    pytest.mark.patient,
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


@cache
def axe() -> str:
    return (node_package("axe-core") / "axe.min.js").read_text()


@dataclass
class Desk:
    """Windows of one browser, and all that they complained about."""

    chromium: Browser
    url: str
    complaints: list[str] = field(default_factory=list)
    page: Any = None

    def open(self, **options: Any) -> Page:
        """A window without cookies. `java_script_enabled`, `color_scheme`, `viewport`
        as Playwright has them."""
        self.page = self.chromium.new_page(**options)
        self.watch(self.page)
        return self.page

    def watch(self, page: Page) -> None:
        """Write down what this window complains about and asks of others."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)

    def come_in(self, person: Person, *, factors: list[str] | None = None) -> Session:
        """Sign somebody in without the sign-in page."""
        session = begin(person, factors=factors or ["pwd"])
        page = self.page or self.open()
        page.context.add_cookies([self.cookie(session)])
        return session

    def cookie(self, session: Session) -> Any:
        return {
            "name": django_settings.SESSION_COOKIE_NAME,
            "value": cookie_of(session),
            "url": self.url,
        }

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).click()

    def back(self) -> str:
        """Go back. The answer is all that is there now: nothing, where the browser
        would have to send a form again."""
        with suppress(Error):
            self.page.go_back()
        self.page.wait_for_load_state()
        self.page.wait_for_timeout(200)
        return self.page.content()

    def sees(self, heading: str) -> Page:
        self.page.get_by_role("heading", name=heading).first.wait_for()
        return self.page

    def findings(self) -> list[str]:
        """What axe finds on the page as it is now."""
        self.page.evaluate(axe())
        run = "rules => axe.run({runOnly: rules, resultTypes: ['violations']})"
        found = self.page.evaluate(run, RULES)["violations"]
        return [
            f"{each['id']}: {node['html'][:120]}"
            for each in found
            for node in each["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium mentions every answer of 400 and more by itself.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme != "data" and asked.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"asks another host: {request.url}")


@pytest.fixture
def desk(
    live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    # Passkeys refuse bare addresses.
    url = live_server.url.replace("127.0.0.1", "localhost")
    settings.PUBLIC_URL = url
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [url]
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "localhost"]
    # Playwright's loop runs in this thread; tests look at the tables all the same.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as chromium,
    ):
        yield Desk(chromium, url)
