"""Without its database the service refuses for now: never open, and never a 500."""

import base64
import json
import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from apikeys import keys
from tests import servers
from tests.running import running_up

# Processes of their own, and waits for what does not answer.
pytestmark = pytest.mark.slow

# A process of its own whose database cannot be reached, and what it answers.
ASK = """
import json, sys, django
django.setup()
from django.test import Client
client, answers = Client(raise_request_exception=False), []
for method, path, body, headers in json.load(sys.stdin):
    answer = client.generic(
        method, path, json.dumps(body), "application/json",
        headers={"host": "localhost", **headers},
    )
    answers.append([answer.status_code, dict(answer.items()), answer.content.decode()])
json.dump(answers, sys.stdout)
"""
KEY = {"X-API-Key": keys.make("nr_live_")}


def unsigned(kind):
    """A token whose signing key only the database could know."""
    header = json.dumps({"alg": "RS256", "typ": kind, "kid": "x"}).encode()
    claims = json.dumps({"sid": "ses_x"}).encode()
    encoded = [base64.urlsafe_b64encode(part).decode() for part in (header, claims)]
    return ".".join([*(part.rstrip("=") for part in encoded), "eA"])


BEARER = {"Authorization": f"Bearer {unsigned('at+jwt')}"}
REFRESH = {"refresh_token": unsigned("rt+jwt")}
LOGIN = {"email": "alice@acme.test", "password": "plum otter 42 lantern"}
REQUESTS = [
    ("GET", "/api/v1/auth/whoami", None, KEY),
    ("POST", "/api/v1/scans", {"scope": "full"}, KEY),
    ("DELETE", "/api/v1/api-keys/key_01h455vb4pex5vsknk084sn02q", None, KEY),
    ("GET", "/api/v1/scans", None, BEARER),
    ("POST", "/api/v1/auth/login", LOGIN, {}),
    ("POST", "/api/v1/auth/refresh", REFRESH, {}),
    ("POST", "/api/v1/auth/password/reset", {"email": "alice@acme.test"}, {}),
    ("POST", "/api/v1/auth/invitations/accept", {"token": "x"}, {}),
]


def answers_of(database, requests):
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=environment,
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert KEY["X-API-Key"] not in done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def without_a_file(tmp_path_factory):
    """Answers of a process whose SQLite file is in a folder that is not there."""
    missing = tmp_path_factory.mktemp("data") / "missing" / "doorward.sqlite3"
    others = [
        ("GET", "/api/v1/scans", None, {}),
        ("GET", "/api/v1/scans", None, {"X-API-Key": "hello"}),
        ("GET", "/healthz", None, {}),
        ("GET", "/docs/problems", None, {}),
    ]
    return answers_of(f"sqlite:///{missing}", [*REQUESTS, *others])


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_what_needs_the_database_is_told_to_come_back(without_a_file, number):
    status, headers, body = without_a_file[number]
    problem = json.loads(body)
    assert (status, problem["code"]) == (503, "unavailable"), REQUESTS[number]
    assert int(headers["Retry-After"]) == problem["retry_after"] > 0
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Request-Id"] == problem["request_id"]
    assert headers["X-RateLimit-Limit"]
    assert headers["Cache-Control"] == "no-store"


def test_what_needs_no_database_goes_on(without_a_file):
    statuses = [status for status, _, _ in without_a_file[len(REQUESTS) :]]
    assert statuses == [401, 401, 200, 200]


@pytest.mark.slow
def test_a_postgresql_that_is_away_is_told_the_same_way():
    away = "postgresql://doorward:hunter2@127.0.0.1:1/doorward"
    ((status, headers, body),) = answers_of(away, REQUESTS[:1])
    assert (status, json.loads(body)["code"]) == (503, "unavailable")
    assert headers["Retry-After"] == "5"
    assert headers["X-RateLimit-Limit"]


@pytest.mark.slow
@pytest.mark.postgres_only
def test_a_database_that_goes_away_while_it_serves_is_no_fault_of_ours(tmp_path):
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgresql())
        with running_up(tmp_path / "data", DATABASE_URL=database.url) as up:
            key = up.account("netrecon")["api_key"]
            assert up.status("/api/v1/scans", X_API_KEY=key) == 200
            stack.close()
            for path in ("/api/v1/scans", "/api/v1/auth/whoami", "/api/v1/scans"):
                assert up.status(path, X_API_KEY=key) == 503
            assert up.status("/api/v1/scans", X_API_KEY="hello") == 401
            assert up.status("/healthz") == 200
