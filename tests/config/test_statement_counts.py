"""What a request costs the database: one query to know who asks, and no write."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.last_used import recorder
from tests.cast import send

WHOAMI = "/api/v1/auth/whoami"
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "SAVEPOINT", "BEGIN")


@pytest.fixture
def statements():
    """statements("GET", path, X_API_KEY=key) -> the SQL of one request."""

    def of(method, path, body=None, **headers):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer = send(method, path, body, **headers)
        assert answer.status_code < 500
        return [query["sql"] for query in captured.captured_queries]

    return of


def writes(found):
    return [sql for sql in found if sql.upper().startswith(WRITES)]


@pytest.fixture
def bearer(alice):
    """The header of a signed-in person. The process knows the signing keys already."""
    header = {"AUTHORIZATION": f"Bearer {alice.sign_in()['access_token']}"}
    assert send("GET", WHOAMI, **header).status_code == 200
    return header


def test_a_key_costs_one_query_and_no_write(issue, bob, statements):
    for owner in (None, bob):
        key = issue("scans_read", owner=owner)[1]
        for headers in ({"X_API_KEY": key}, {"AUTHORIZATION": f"Bearer {key}"}):
            found = statements("GET", WHOAMI, **headers)
            assert len(found) == 1, found
            assert found[0].startswith("SELECT")


def test_an_access_token_costs_one_query_and_no_write(bearer, statements):
    found = statements("GET", WHOAMI, **bearer)
    assert len(found) == 1, found
    assert found[0].startswith("SELECT")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_API_KEY": "nr_live_" + "0" * 48},
        {"X_API_KEY": "hello"},
        {"AUTHORIZATION": "Bearer nr_live_" + "0" * 48},
        {"AUTHORIZATION": "Bearer hello"},
        {"AUTHORIZATION": "Basic eDp5"},
        {"AUTHORIZATION": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"},
        {"X_API_KEY": "a", "AUTHORIZATION": "Bearer b"},
    ],
)
def test_what_cannot_be_a_credential_costs_nothing(db, statements, headers):
    assert statements("GET", WHOAMI, **headers) == []


def test_an_unknown_signing_key_is_not_looked_up_once_per_forged_token(
    bearer, statements
):
    text = bearer["AUTHORIZATION"].removeprefix("Bearer ")
    forged = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJSUzI1NiIsImtpZCI6IngifQ." + text[400:]
    forged = ".".join([forged.split(".")[0], *text.split(".")[1:]])
    found = [statements("GET", WHOAMI, AUTHORIZATION=f"Bearer {forged}") for _ in "123"]
    assert sum(map(len, found)) <= 1


def test_a_refused_request_writes_nothing(issue, bearer, statements):
    api_key, key = issue()
    for method, path in [
        ("GET", "/api/v1/scans"),
        ("POST", "/api/v1/scans"),
        ("GET", f"/api/v1/api-keys/{api_key.public_id}"),
        ("GET", "/api/v1/nowhere"),
        ("PUT", "/api/v1/scans"),
    ]:
        assert writes(statements(method, path, {}, X_API_KEY=key)) == []


def test_reading_writes_nothing(issue, bearer, statements):
    key = issue("scans_read", "api_keys_manage", "users_manage")[1]
    # The default workspace is made when it is first asked for.
    statements("GET", "/api/v1/workspaces", X_API_KEY=key)
    for path in ("scans", "workspaces", "api-keys", "users", "auth/whoami"):
        for headers in ({"X_API_KEY": key}, bearer):
            assert writes(statements("GET", f"/api/v1/{path}", **headers)) == []


@pytest.mark.parametrize("path", ["scans", "api-keys", "users"])
def test_a_list_costs_as_much_for_one_as_for_many(issue, alice, statements, path):
    key = issue("scans_read", "scans_write", "api_keys_manage", "users_manage")[1]
    few = len(statements("GET", f"/api/v1/{path}", X_API_KEY=key))
    for number in range(5):
        issue("scans_read", owner=alice, name=f"{number}")
        send("POST", "/api/v1/scans", {"scope": "full"}, X_API_KEY=key)
        body = {"email": f"{number}@new.test", "role": "viewer"}
        assert alice.call("POST", "/api/v1/users", body).status_code == 201
    assert len(statements("GET", f"/api/v1/{path}", X_API_KEY=key)) <= few + 1


def test_health_asks_nobody(db, statements):
    assert statements("GET", "/healthz") == []


def test_many_uses_of_a_key_are_two_writes_a_minute(issue, call):
    """The key's and its secret's. The first use of all also notes the network."""
    api_key, key = issue("scans_read")
    for most in (3, 2):
        for _ in range(5):
            call(key)
        with CaptureQueriesContext(connection) as captured:
            recorder.flush()
            call(key)
            recorder.flush()
        found = writes([query["sql"] for query in captured.captured_queries])
        found = [sql for sql in found if sql.split()[0] in ("INSERT", "UPDATE")]
        assert len(found) == most, found
        an_hour_later(api_key)
    assert api_key.last_used_ip == "127.0.0.1"


def an_hour_later(api_key):
    """As far as the notes of last uses know."""
    recorder.written.clear()
    api_key.refresh_from_db()
    for row in (api_key, api_key.secrets.get()):
        assert row.last_used_at is not None
        row.last_used_at -= timedelta(hours=1)
        row.save(update_fields=["last_used_at"])


def test_a_refused_key_was_not_used(issue, call):
    api_key, key = issue("scans_read")
    type(api_key).objects.filter(pk=api_key.pk).revoke("other")
    call(key)
    recorder.flush()
    api_key.refresh_from_db()
    assert api_key.last_used_at is None
