"""Applications, a browser for a person, and the endpoints as a client calls them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts import sealing
from oauth import looks
from oauth.models import Application
from tests.accounts.conftest import browse as browse
from tests.accounts.conftest import crowd as crowd
from tests.accounts.conftest import file_database as file_database
from tests.cast import Person

FORM = "application/x-www-form-urlencoded"
CALLBACK = "https://your-app.com/callback"
MOUNTS = ("/oauth", "/api/v1/auth/oauth2")


@dataclass
class App:
    """An application and the secret that proves it, empty for a public one."""

    row: Application
    secret: str = ""
    mount: str = "/oauth"

    @property
    def client_id(self) -> str:
        return self.row.client_id

    @property
    def proof(self) -> dict[str, str]:
        """What the body needs for client_secret_post, or to name a public client."""
        proof = {"client_id": self.client_id}
        return {**proof, "client_secret": self.secret} if self.secret else proof

    def post(self, endpoint: str, _headers: Any = None, **body: str) -> Any:
        """POST a form as the application, proven in the body."""
        encoded = urlencode({**self.proof, **body})
        client = Client(enforce_csrf_checks=True)
        path = f"{self.mount}/{endpoint}"
        return client.post(path, encoded, content_type=FORM, headers=_headers)

    def token(self, _headers: Any = None, **body: str) -> Any:
        return self.post("token", _headers, **body)

    def exchange(self, code: str, _headers: Any = None, **body: str) -> Any:
        wanted = {"redirect_uri": CALLBACK, "code": code, **body}
        return self.token(_headers, grant_type="authorization_code", **wanted)

    def refresh(self, refresh_token: str, _headers: Any = None, **body: str) -> Any:
        wanted = {"refresh_token": refresh_token, **body}
        return self.token(_headers, grant_type="refresh_token", **wanted)

    def introspect(self, token: str) -> Any:
        return self.post("introspect", token=token).json()


@dataclass
class Browser:
    """A person's browser, signed in by the page, with CSRF checks on."""

    person: Person
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def sign_in(self) -> Browser:
        page = self.client.get("/login")
        body = {
            "email": self.person.user.email,
            "password": self.person.password,
            "csrfmiddlewaretoken": str(page.context["csrf_token"]),
        }
        assert self.client.post("/login", body).status_code == 302
        return self

    def ask(self, app: App, **query: str) -> Any:
        """GET the authorization endpoint."""
        return self.client.get(address(app, **query))

    def allow(self, app: App, **query: str) -> Any:
        """Ask, and say yes where a page asks. The answer leads to the application."""
        shown = self.ask(app, **query)
        if shown.status_code != 200:
            return shown
        body = {
            "csrfmiddlewaretoken": str(shown.context["csrf_token"]),
            "membership": str(shown.context["membership"].public_id),
            "scopes": str(shown.context["given"]),
        }
        return self.client.post(address(app, **query), body)

    def code(self, app: App, **query: str) -> str:
        answer = self.allow(app, **query)
        assert answer.status_code == 303, answer.content
        return sent_back(answer)["code"]

    def tokens(self, app: App, **query: str) -> dict[str, Any]:
        """The whole flow: code and exchange, by PKCE."""
        verifier, challenge = pkce()
        asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
        code = self.code(app, **{**asked, **query})
        answer = app.exchange(code, code_verifier=verifier)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


def address(app: App, **query: str) -> str:
    asked = {
        "client_id": app.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "scans_read",
        "state": "opaque state",
        **query,
    }
    return f"{app.mount}/authorize?{urlencode({k: v for k, v in asked.items() if v})}"


def sent_back(answer: Any) -> dict[str, str]:
    """The parameters that an answer of the authorization endpoint carries back."""
    query = parse_qs(urlsplit(answer.headers["Location"]).query, strict_parsing=True)
    return {name: values[0] for name, values in query.items()}


def pkce() -> tuple[str, str]:
    """A verifier and its S256 challenge (RFC 7636 4.1 and 4.2)."""
    verifier = secrets.token_urlsafe(48)
    hashed = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def register(owner: Person, **fields: Any) -> App:
    """An application of the person's organization that may ask for everything."""
    organization = owner.organization
    product = organization.product
    kind = fields.get("type", "web")
    public = kind in ("spa", "native")
    secret = "" if public else looks.make(product.oauth.secret_prefix)
    row = Application(
        **{
            "organization": organization,
            "name": "Slack Bot",
            "type": kind,
            "redirect_uris": "" if kind == "machine" else CALLBACK,
            "scopes": ["openid", "profile", "email", *product.scopes],
            "token_endpoint_auth_method": "none" if public else "client_secret_basic",
            "require_pkce": public,
            "secret_digest": sealing.digest(secret) if secret else None,
            "secret_created_at": timezone.now() if secret else None,
            "created_by": owner.user.public_id,
            **fields,
        }
    )
    row.client_id = row.public_id
    row.save(force_insert=True)
    return App(row, secret)


Apps = Callable[..., App]


@pytest.fixture
def app(alice: Person) -> App:
    """A web application of alice's organization."""
    return register(alice)


@pytest.fixture
def alices(alice: Person) -> Browser:
    """Alice's browser."""
    return Browser(alice).sign_in()


@pytest.fixture
def bobs(bob: Person) -> Browser:
    """Bob's browser."""
    return Browser(bob).sign_in()
