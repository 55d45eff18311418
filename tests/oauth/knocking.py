"""How the tests of the traps call the endpoints, and what each refusal must look like.

Every POST is made with CSRF enforced, as a browser or an attacker would make it: the
test client does not check it by itself (trap 2 of stock servers).
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from django.core.cache import caches
from django.test import Client

from oauth.models import Grant
from oauth.models.applications import DEVICE
from tests.oauth.conftest import FORM, MOUNTS, App, Browser

# Those that programs call, under both mounts. Each takes POST only.
MACHINE = ("token", "revoke", "introspect", "par", "device_authorization")
MACHINE_PATHS = tuple(f"{mount}/{name}" for mount in MOUNTS for name in MACHINE)
API = "/api/v1/scans"
WHOAMI = "/api/v1/auth/whoami"


def visitor() -> Client:
    """A client whose POSTs are checked, and for whom a fault is an answer of 500."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def post(path: str, content: bytes = b"", kind: str = FORM, **headers: str) -> Any:
    """A POST of these very bytes."""
    named: Any = {"headers": headers or None}
    return visitor().generic("POST", path, content, content_type=kind, **named)


def unbraked() -> None:
    """Forget the failures so far: what comes next is heard like the first."""
    caches["brakes"].clear()


def form(path: str, headers: Any = None, **body: str) -> Any:
    """A POST of these parameters as a form."""
    return post(path, urlencode(body).encode(), **(headers or {}))


def get(path: str, **headers: str) -> Any:
    return visitor().get(path, headers=headers or None)


def api(token: str, path: str = API, scheme: str = "Bearer") -> Any:
    """A call of the API with this as the credential."""
    return get(path, Authorization=f"{scheme} {token}")


def basic(client_id: str, secret: str, scheme: str = "Basic") -> dict[str, str]:
    encoded = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"{scheme} {encoded}"}


def refused(answer: Any, error: str, status: int = 400) -> dict[str, Any]:
    """The body of a refusal for a program: JSON, kept by nobody (RFC 6749 5.2)."""
    told = (answer.status_code, answer.headers["Content-Type"], answer.content)
    assert answer.status_code == status, told
    kind = answer.headers["Content-Type"]
    assert kind in ("application/json", "application/problem+json"), told
    assert "no-store" in answer.headers["Cache-Control"], told
    body: dict[str, Any] = answer.json()
    assert body["error"] == error, told
    return body


def broken_page(answer: Any) -> str:
    """The page for a wrong client or address: it leads nowhere (RFC 6749 4.1.2.1)."""
    assert answer.status_code == 400, answer.content
    assert "Location" not in answer.headers
    text: str = answer.content.decode()
    assert "The application's request is not valid" in text
    return text


def is_alive(app: App, token: str) -> bool:
    """Whether introspection says so, asked by this application."""
    active: bool = app.introspect(token)["active"]
    return active


def newest_grant() -> Grant:
    return Grant.objects.latest("id")


def let_in(browser: Browser, user_code: str) -> None:
    """Type the code of a device and allow it."""
    page = browser.client.get("/oauth/device")
    token = str(page.context["csrf_token"])
    body = {"user_code": user_code, "csrfmiddlewaretoken": token}
    shown = browser.client.post("/oauth/device", body)
    body["membership"] = str(shown.context["membership"].public_id)
    body["scopes"] = str(shown.context["given"])
    done = browser.client.post("/oauth/device/allow", body)
    assert "The device is connected" in done.content.decode()


def poll(app: App, device: dict[str, Any]) -> Any:
    """Ask as the device does."""
    return app.token(grant_type=DEVICE, device_code=device["device_code"])
