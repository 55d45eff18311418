"""The flows that need more than one request, for tests that are about what follows."""

from __future__ import annotations

from typing import Any

from django.test import Client

from oauth.models.applications import DEVICE, PRIVATE_KEY
from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import App, Browser, address, bearer, register


def scans(token: str, scheme: str = "Bearer", **headers: str) -> Any:
    """Call the API with an access token."""
    given = {"Authorization": f"{scheme} {token}", **headers}
    return Client().get("/api/v1/scans", headers=given)


def lives(tokens: dict[str, Any]) -> bool:
    """Whether the access token opens the API."""
    return bool(scans(tokens["access_token"]).status_code == 200)


def userinfo(token: str) -> Any:
    return Client().get("/oauth/userinfo", headers=bearer(token))


# Devices


def begin_device(app: App, scope: str = "scans_read") -> dict[str, Any]:
    answer = app.post("device_authorization", scope=scope)
    assert answer.status_code == 200, answer.content
    begun: dict[str, Any] = answer.json()
    return begun


def poll(app: App, begun: dict[str, Any]) -> Any:
    return app.token(grant_type=DEVICE, device_code=begun["device_code"])


def shown_device(browser: Browser, begun: dict[str, Any]) -> dict[str, str]:
    """What the form says that lets the device in, once the code was typed."""
    page = browser.client.get("/oauth/device")
    typed = {"user_code": begun["user_code"]}
    token = {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
    shown = browser.client.post("/oauth/device", {**typed, **token})
    assert shown.status_code == 200, shown.content
    membership = str(shown.context["membership"].public_id)
    given = str(shown.context["given"])
    return {**typed, **token, "membership": membership, "scopes": given}


def let_in(browser: Browser, form: dict[str, str]) -> Any:
    return browser.client.post("/oauth/device/allow", form)


def device_tokens(app: App, browser: Browser, scope: str) -> tuple[Any, Any]:
    """What the device was told, and its tokens."""
    begun = begin_device(app, scope)
    assert let_in(browser, shown_device(browser, begun)).status_code == 200
    answer = poll(app, begun)
    assert answer.status_code == 200, answer.content
    return begun, answer.json()


# Consent


def shown_consent(browser: Browser, app: App, **query: str) -> tuple[str, Any]:
    """The address of a consent page, and what its form sends."""
    page = browser.ask(app, **query)
    assert page.status_code == 200, page.content
    form = {
        "csrfmiddlewaretoken": str(page.context["csrf_token"]),
        "membership": str(page.context["membership"].public_id),
        "scopes": str(page.context["given"]),
    }
    return address(app, **query), form


def tab(browser: Browser) -> Client:
    """Another tab of the same browser: the same cookies, a connection of its own."""
    client = Client(enforce_csrf_checks=True)
    client.cookies.load(browser.client.cookies.output(header="", sep=";"))
    return client


def push(app: App, **request: str) -> str:
    """Push an authorization request. The answer is its `request_uri`."""
    asked = {
        "response_type": "code",
        "redirect_uri": app.row.redirects[0],
        "scope": "scans_read",
        **request,
    }
    answer = app.post("par", **asked)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["request_uri"])


# Proofs


def register_with_key(owner: Person, **fields: Any) -> tuple[App, Prover]:
    """An application that proves itself by a key, and who holds that."""
    prover = Prover()
    app = register(
        owner,
        token_endpoint_auth_method=PRIVATE_KEY,
        client_jwks={"keys": [{**prover.jwk, "kid": "1"}]},
        secret_digest=None,
        **fields,
    )
    app.secret = ""
    return app, prover
