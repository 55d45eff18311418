"""What OAuth costs the database and the processor: few statements, no slow hash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Person
from tests.oauth.conftest import App, Browser, bearer, register
from tests.oauth.flows import device_tokens, push, scans, userinfo

# What the issue does not count: they begin and end a transaction.
BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
pytestmark = pytest.mark.django_db


@dataclass
class Spent:
    """The statements of one request, as a list that a failing test shows."""

    answer: Any = None
    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)


def spent(request: Callable[[], Any], status: int = 200) -> Spent:
    with CaptureQueriesContext(connection) as captured:
        answer = request()
    assert answer.status_code == status, answer.content
    found = [query["sql"] for query in captured.captured_queries]
    return Spent(answer, [sql for sql in found if not sql.startswith(BRACKETS)])


@pytest.fixture
def warm(app: App, alices: Browser) -> dict[str, Any]:
    """The process has answered before, so it knows its keys and its queries."""
    tokens = alices.tokens(app, scope="openid scans_read")
    return app.refresh(tokens["refresh_token"]).json()


# The ceilings of the issue


@pytest.mark.parametrize(
    ("scope", "token_format", "ceiling"),
    [
        ("scans_read", "opaque", 4),
        # One more for the key, where something is signed.
        ("openid scans_read", "opaque", 5),
        ("openid scans_read", "jwt", 5),
        ("scans_read", "jwt", 5),
    ],
)
def test_the_exchange_of_a_code_costs_four_or_five(
    alice: Person, alices: Browser, warm, scope, token_format, ceiling
):
    app = register(alice, access_token_format=token_format)
    code = alices.code(app, scope=scope)
    assert len(spent(lambda: app.exchange(code))) <= ceiling


@pytest.mark.parametrize("scope", ["openid scans_read", "scans_read"])
@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_a_refresh_costs_at_most_six(
    alice: Person, alices: Browser, warm, scope, token_format
):
    app = register(alice, access_token_format=token_format)
    before = alices.tokens(app, scope=scope)["refresh_token"]
    found = spent(lambda: app.refresh(before))
    assert len(found) <= 6
    # The same once more is answered from the row of the first.
    again = spent(lambda: app.refresh(before))
    assert again.answer.content == found.answer.content
    assert len(again) <= 2


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_client_credentials_cost_at_most_three(alice: Person, warm, token_format):
    app = register(alice, type="machine", access_token_format=token_format)
    body = {"grant_type": "client_credentials", "scope": "scans_read"}
    assert len(spent(lambda: app.token(**body))) <= 3


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_introspection_costs_two(alice: Person, alices: Browser, warm, token_format):
    app = register(alice, access_token_format=token_format)
    tokens = alices.tokens(app)
    for name in ("access_token", "refresh_token"):
        found = spent(partial(app.post, "introspect", token=tokens[name]))
        assert found.answer.json()["active"]
        assert len(found) <= 2


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_a_call_with_an_oauth_token_asks_once_who_calls(
    alice: Person, alices: Browser, warm, token_format
):
    app = register(alice, access_token_format=token_format)
    token = alices.tokens(app, scope="openid scans_read")["access_token"]
    whoami = spent(lambda: Client().get("/api/v1/auth/whoami", headers=bearer(token)))
    assert [sql.partition(" ")[0] for sql in whoami.statements] == ["SELECT"]
    assert len(spent(lambda: userinfo(token))) == 1
    # The second one is the answer itself.
    assert len(spent(lambda: scans(token))) <= 2


def test_a_revocation_costs_four_at_most(app: App, alices: Browser, warm):
    tokens = alices.tokens(app)
    for name, ceiling in (("access_token", 4), ("refresh_token", 4)):
        found = spent(partial(app.post, "revoke", token=tokens[name]))
        assert len(found) <= ceiling


@pytest.mark.parametrize(
    "text",
    [
        "nr_oat_",
        "nr_oat_" + "0" * 72,
        "nr_ort_" + "0" * 72,
        "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJSUzI1NiJ9.e30.x",
    ],
)
def test_what_cannot_be_a_token_costs_nothing(db, text):
    assert len(spent(lambda: scans(text), 401)) == 0


def test_a_token_that_was_cut_or_mistyped_costs_nothing(warm):
    token = warm["access_token"]
    for text in (token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1")):
        assert len(spent(partial(scans, text), 401)) == 0


def test_a_client_without_proof_costs_one_query_at_most(app: App, alices: Browser):
    code = alices.code(app)
    app.secret = "nr_ocs_" + "0" * 72
    assert len(spent(lambda: app.exchange(code), 401)) <= 1


# No request of an application hashes slowly


class CountingHasher(MD5PasswordHasher):
    """The hasher of the tests, which remembers how often it worked."""

    calls: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.calls.append("encode")
        return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        self.calls.append("verify")
        return bool(super().verify(password, encoded))


@pytest.fixture
def hashed(settings) -> list[str]:
    """What the password hasher was called for since."""
    name = f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"
    settings.PASSWORD_HASHERS = [name]
    CountingHasher.calls.clear()
    return CountingHasher.calls


def test_a_sign_in_is_what_the_hasher_is_for(hashed, alice: Person):
    alice.user.set_password(alice.password)
    alice.user.save()
    hashed.clear()
    assert alice.log_in().status_code == 200
    assert "verify" in hashed


def test_no_request_of_an_application_hashes_slowly(
    alices: Browser, alice: Person, hashed
):
    app = register(alice)
    tokens = alices.tokens(app, scope="openid scans_read")
    tokens = app.refresh(tokens["refresh_token"]).json()
    assert app.introspect(tokens["access_token"])["active"]
    assert app.introspect(tokens["refresh_token"])["active"]
    assert scans(tokens["access_token"]).status_code == 200
    assert userinfo(tokens["access_token"]).status_code == 200
    device_tokens(app, alices, "scans_read")
    push(app)
    machine = register(alice, type="machine")
    body = {"grant_type": "client_credentials", "scope": "scans_read"}
    assert machine.token(**body).status_code == 200
    machine.secret = "nr_ocs_" + "0" * 72
    assert machine.token(**body).status_code == 401
    assert app.post("revoke", token=tokens["refresh_token"]).status_code == 200
    assert hashed == []
