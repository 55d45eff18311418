"""A device without a browser, and a person who types its code (RFC 8628)."""

from __future__ import annotations

from typing import Any

import pytest

from oauth.models.applications import DEVICE
from tests.cast import Person
from tests.oauth.conftest import App, Browser, register

PAGE = "/oauth/device"


@pytest.fixture
def tool(alice: Person) -> App:
    """A command line program of alice's organization: a native application."""
    return register(alice, name="Scan Tool", type="native", redirect_uris="")


def begin(app: App, scope: str = "scans_read", **body: str) -> dict[str, Any]:
    answer = app.post("device_authorization", scope=scope, **body)
    assert answer.status_code == 200, answer.content
    begun: dict[str, Any] = answer.json()
    return begun


def poll(app: App, begun: dict[str, Any], **body: str) -> Any:
    return app.token(grant_type=DEVICE, device_code=begun["device_code"], **body)


def submit(browser: Browser, path: str, **fields: str) -> Any:
    page = browser.client.get(PAGE)
    csrf = str(page.context["csrf_token"])
    return browser.client.post(path, {**fields, "csrfmiddlewaretoken": csrf})


def type_in(browser: Browser, user_code: str) -> Any:
    """The page after a person typed the code."""
    return submit(browser, PAGE, user_code=user_code)


def decide(browser: Browser, user_code: str, step: str = "allow") -> Any:
    """The answer to the page that this code leads to, as its form sends it."""
    given = str(type_in(browser, user_code).context.get("given", ""))
    fields = {"membership": browser.person.membership.public_id, "scopes": given}
    return submit(browser, f"{PAGE}/{step}", user_code=user_code, **fields)
