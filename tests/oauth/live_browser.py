"""A browser for live servers: keeps cookies, follows redirects, fills forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.live import Account, Live, bearer

MOST_STEPS = 12
YES, NO = 0, -1


@dataclass
class Form:
    """Where a form leads, and what stands in its fields."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Finds the forms of what a page is about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.in_content = self.is_open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.in_content = True
        elif tag == "form" and self.in_content:
            self.found.append(Form(said.get("action", "")))
            self.is_open = True
        elif tag == "input" and self.is_open and "name" in said:
            self.found[-1].fields[said["name"]] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_open = False


@dataclass
class LiveBrowser:
    """The browser of somebody who is known by an e-mail address and a password.

    `choice` is which form of a page they send: the first one says yes, the last no.
    """

    account: Account
    client: httpx.Client
    choice: int = YES
    pages: list[str] = field(default_factory=list)

    def visit(self, address: str) -> str:
        """Go there and on. The answer is the address where it ends: of another server,
        such as an application's, which is not asked, or of a page without a form."""
        answer = self.client.get(address)
        for _ in range(MOST_STEPS):
            following = self._next(answer)
            if following is None:
                return str(answer.url)
            if isinstance(following, str):
                return following
            answer = following
        raise AssertionError(f"It leads in circles: {self.pages}")

    def _next(self, answer: httpx.Response) -> httpx.Response | str | None:
        if answer.has_redirect_location:
            onward = urljoin(str(answer.url), answer.headers["Location"])
            return self.client.get(onward) if self._is_ours(onward) else onward
        self.pages.append(f"{answer.status_code} {answer.url.path}")
        forms = Forms(answer.text).found
        if not forms:
            return None
        form = forms[self.choice]
        mine = {"email": self.account["email"], "password": self.account["password"]}
        filled = {name: mine.get(name, value) for name, value in form.fields.items()}
        target = urljoin(str(answer.url), form.action)
        # Some browsers say so with each form; Django checks it where they do.
        return self.client.post(target, data=filled, headers={"Origin": self.origin})

    def _is_ours(self, address: str) -> bool:
        return urlsplit(address).netloc == urlsplit(self.origin).netloc

    @property
    def origin(self) -> str:
        return str(self.client.base_url).rstrip("/")


@contextmanager
def browsing(live: Live, account: Account, choice: int = YES) -> Iterator[LiveBrowser]:
    with httpx.Client(base_url=live.url, timeout=30) as client:
        yield LiveBrowser(account, client, choice)


def register(live: Live, account: Account, **wish: Any) -> dict[str, Any]:
    """A new application of the account's organization: the one answer with its
    secret."""
    headers = bearer(live.sign_in(account)["access_token"])
    body = {"name": "Slack Bot", "type": "web", **wish}
    answer = live.send("POST", "/api/v1/oauth-applications", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
