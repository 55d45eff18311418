"""The cast: alice acts, bob shares her organization, carol is a stranger.

Everyone calls over HTTP, through Django's test client and so through the whole stack.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from accounts import denials, organizations, sessions, signing
from accounts.audit import SYSTEM
from accounts.last_used import recorder
from accounts.models import Membership, Organization, SigningKey, User
from accounts.roles import Role
from accounts.sessions import Place
from apikeys import expiry, lifecycle
from apikeys.lifecycle import Wish
from apikeys.models import ApiKey
from ratelimits import stores, usage
from ratelimits.local import LocalStore

PASSWORD = "plum otter 42 lantern"
HERE = Place("127.0.0.1", "tests")


def send(method: str, path: str, body: Any = None, **headers: str) -> Any:
    """One request. `body` is sent as JSON; header names are written X_API_KEY."""
    content = b"" if body is None else json.dumps(body).encode()
    named: dict[str, Any] = {f"HTTP_{name}": text for name, text in headers.items()}
    # Faults become answers, as in the server: a test that meets a 500 fails by its
    # status.
    client = Client(raise_request_exception=False)
    return client.generic(method, path, content, "application/json", **named)


@dataclass
class Person:
    """Somebody with a membership. Signed in over the API when first needed."""

    membership: Membership
    password: str = PASSWORD
    tokens: dict[str, Any] = field(default_factory=dict)

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def organization(self) -> Organization:
        return self.membership.organization

    def sign_in(self) -> dict[str, Any]:
        """A new session, without the cost of a password hash."""
        self.membership.refresh_from_db()
        self.tokens = sessions.begin(self.membership, factors=["pwd"], place=HERE)
        return self.tokens

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        token = (self.tokens or self.sign_in())["access_token"]
        return send(method, path, body, AUTHORIZATION=f"Bearer {token}", **headers)

    def log_in(self, **extra: Any) -> Any:
        """The real thing: POST /api/v1/auth/login."""
        body = {"email": self.user.email, "password": self.password, **extra}
        return send("POST", "/api/v1/auth/login", body)


def person(email: str, organization: Organization, role: str) -> Person:
    user = User.objects.enter(email, name=email.partition("@")[0].capitalize())
    user.set_password(PASSWORD)
    user.save()
    membership = Membership.objects.create(
        user=user, organization=organization, role=role, joined_at=timezone.now()
    )
    return Person(membership)


def founder(email: str, name: str, *, product: str, plan: str) -> Person:
    """The owner of a new organization."""
    user = User.objects.enter(email, name=email.partition("@")[0].capitalize())
    user.set_password(PASSWORD)
    user.save()
    membership = organizations.create(
        name, product=product, plan=plan, owner=user, by=SYSTEM
    )[1]
    return Person(membership)


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """Nothing that one test left in memory reaches the next."""
    stores.reset()
    caches["brakes"].clear()
    signing.forget()
    recorder.pending.clear()
    recorder.written.clear()
    usage.recorder.forget()
    denials.recorder.forget()
    expiry._reached.clear()


class StandingClock:
    """A clock of the limiter that does not move on while a slow machine counts."""

    def monotonic_ns(self) -> int:
        return 10**18

    def time_ns(self) -> int:
        return time.time_ns()


@pytest.fixture
def standing_limits(_fresh_process: None) -> None:
    """The real store, in which no window moves on."""
    stores._stores["local"] = LocalStore(StandingClock())


@pytest.fixture(scope="session")
def _made_keys() -> list[SigningKey]:
    """RSA-3072 keys take a while to make, so the whole run shares two.

    P-256 keys take no time: whoever asks for one makes it.
    """
    states = SigningKey.ACTIVE, SigningKey.NEXT
    return [signing._new_key(signing.RS256, state) for state in states]


@pytest.fixture
def signing_keys(db: None, _made_keys: list[SigningKey]) -> None:
    SigningKey.objects.all().delete()
    for key in _made_keys:
        SigningKey(
            kid=key.kid,
            state=key.state,
            public_jwk=key.public_jwk,
            sealed_private=key.sealed_private,
        ).save(force_insert=True)


@pytest.fixture
def alice(signing_keys: None) -> Person:
    """The owner of a NetRecon organization on the enterprise plan."""
    return founder("alice@acme.test", "Acme", product="netrecon", plan="enterprise")


@pytest.fixture
def bob(alice: Person) -> Person:
    """A member, neither admin nor owner, of alice's organization."""
    return person("bob@acme.test", alice.organization, Role.MEMBER)


@pytest.fixture
def carol(signing_keys: None) -> Person:
    """The owner of another NetRecon organization."""
    return founder("carol@other.test", "Other", product="netrecon", plan="enterprise")


@pytest.fixture
def nadia(signing_keys: None) -> Person:
    """The owner of a Netallion organization on the starter plan."""
    return founder("nadia@nett.test", "Nett", product="netallion", plan="starter")


Issue = Callable[..., tuple[ApiKey, str]]


@pytest.fixture
def issue(alice: Person) -> Issue:
    """issue("scans_read", owner=bob, environment="test") -> the key and its text.

    Without `owner` a key of alice's organization. Names are numbered: CI, CI 2, ….
    """
    numbers = count(1)

    def make(
        *scopes: str, owner: Person | None = None, **wish: Any
    ) -> tuple[ApiKey, str]:
        if "name" not in wish:
            number = next(numbers)
            wish["name"] = "CI" if number == 1 else f"CI {number}"
        wish = {"environment": "live", **wish}
        return lifecycle.issue_for(
            owner.organization if owner else alice.organization,
            Wish(scopes=scopes, **wish),
            membership=owner.membership if owner else None,
            by=SYSTEM,
        )

    return make


@pytest.fixture
def call() -> Callable[..., Any]:
    """call(key, "GET", "/api/v1/scans") with the key in X-API-Key."""

    def with_key(
        key: str, method: str = "GET", path: str = "/api/v1/scans", body: Any = None
    ) -> Any:
        return send(method, path, body, X_API_KEY=key)

    return with_key
