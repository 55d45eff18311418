"""Every answer under /api/ carries a request id, its limits and no-store."""

import re

import pytest
import time_machine
from django.test import Client

from ratelimits import stores
from ratelimits.limits import SECOND, Limits
from ratelimits.local import LocalStore
from tests.cast import send
from tests.ratelimits.conftest import VirtualClock

LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
REQUEST_ID = re.compile(r"req_[0-7][0-9a-hjkmnp-tv-z]{25}")


@pytest.fixture
def key(issue):
    return issue("scans_read", "scans_write", "api_keys_manage")[1]


def check(answer, status):
    """What every answer has, whatever it says."""
    assert answer.status_code == status, answer.content
    assert REQUEST_ID.fullmatch(answer.headers["X-Request-Id"])
    for name in LIMITS:
        assert re.fullmatch(r"\d+", answer.headers[name]), name
    assert '"minute";r=' in answer.headers["RateLimit"]
    assert '"burst";q=' in answer.headers["RateLimit-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    if status >= 400:
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["request_id"] == answer.headers["X-Request-Id"]
        assert problem["status"] == status
        assert ("Retry-After" in answer.headers) == (status in (429, 503))


def test_answers_to_what_was_allowed(key, issue, call):
    check(call(key), 200)
    check(call(key, "POST", "/api/v1/scans", {"scope": "full"}), 201)
    path = f"/api/v1/api-keys/{issue('scans_read')[0].public_id}"
    check(call(key, "DELETE", path), 204)
    check(send("POST", "/api/v1/auth/password/reset", {"email": "a@b.test"}), 202)


def test_answers_to_what_was_refused(key, call, issue):
    check(call(key, "POST", "/api/v1/scans", {}), 400)
    check(send("GET", "/api/v1/scans"), 401)
    check(call(key[:-1], "GET", "/api/v1/scans"), 401)
    check(call(issue()[1]), 403)
    check(call(key, "GET", "/api/v1/nowhere"), 404)
    check(call(key, "GET", "/api/v1/scans/x"), 404)
    check(call(key, "PUT", "/api/v1/scans", {}), 405)


def test_answers_to_what_was_not_even_read(key, call):
    client = Client()
    headers = {"X-API-Key": key}

    def post(body, content_type):
        return client.post("/api/v1/scans", body, content_type, headers=headers)

    check(post(b"{" + b" " * 65_536, "application/json"), 413)
    check(post(b"scope=full", "text/plain"), 415)
    check(send("GET", "/api/v1/scans", TRANSFER_ENCODING="chunked"), 411)
    check(send("GET", "/api/v1/scans", HOST="evil.test"), 400)
    check(send("TRACE", "/api/v1/scans"), 405)
    check(send("GET", "/api/v1/scans?api_key=x"), 400)
    check(send("GET", "/api/v1/scans", X_API_KEY=key, AUTHORIZATION="Bearer x"), 400)


def test_answers_to_too_many(db, settings):
    settings.ANONYMOUS_LIMITS = Limits(per_minute=3, burst=3, daily=None)
    from_nobody = [send("GET", "/api/v1/scans") for _ in range(4)]
    check(from_nobody[0], 401)
    check(from_nobody[-1], 429)


def test_answers_to_a_brake(db, settings):
    # A window begins at a second of its own: of one so long the last minute is not met.
    settings.BRAKES = {**settings.BRAKES, "account": (10, 365 * 86_400)}
    body = {"email": "alice@acme.test", "password": "wrong"}
    with time_machine.travel("2040-01-01T00:00:00Z", tick=False):
        for _ in range(10):
            check(send("POST", "/api/v1/auth/login", body), 401)
        braked = send("POST", "/api/v1/auth/login", body)
    check(braked, 429)
    problem = braked.json()
    assert problem["code"] == "too_many_attempts"
    # The brake's own wait. The plan's windows have room, but who is told of it would
    # not wait.
    assert int(braked.headers["Retry-After"]) == problem["retry_after"] > 60
    assert braked.headers["X-RateLimit-Remaining"] == "0"
    more_at = int(send("GET", "/api/v1/scans").headers["X-RateLimit-Reset"])
    reset = int(braked.headers["X-RateLimit-Reset"])
    assert reset > more_at or reset > 2_000_000_000


def test_a_refusal_by_a_limit_tells_the_very_second_of_its_reset(db, settings):
    """Wait and clock, each rounded up before they are added, would tell one more."""
    settings.LIMITER, settings.ANONYMOUS_LIMITS = "local", Limits(1, 1, None)
    clock = VirtualClock()
    stores._stores["local"] = LocalStore(clock)
    first = clock.wall // SECOND
    check(send("GET", "/api/v1/scans"), 401)
    clock.move(SECOND // 2)
    refused = send("GET", "/api/v1/scans")
    check(refused, 429)
    assert refused.headers["Retry-After"] == "60"
    assert refused.headers["X-RateLimit-Reset"] == str(first + 60)


@pytest.mark.parametrize(("kind", "status"), [("bug", 500), ("database", 503)])
def test_answers_to_a_fault_of_ours(frame, db, kind, status):
    check(frame.get("/api/trouble", {"kind": kind}), status)
    check(frame.get("/api/plain-trouble", {"kind": kind}), status)


def test_every_request_has_an_id_of_its_own(key, call):
    seen = {call(key).headers["X-Request-Id"] for _ in range(5)}
    assert len(seen) == 5


@pytest.mark.parametrize("name", ["X_REQUEST_ID", "REQUEST_ID", "X_CORRELATION_ID"])
def test_nobody_chooses_the_id_of_a_request(db, name):
    answer = send("GET", "/api/v1/scans", **{name: "req_mine"})
    assert answer.headers["X-Request-Id"] != "req_mine"


def test_the_log_names_the_request_and_the_key_but_not_the_address(key, call, caplog):
    with caplog.at_level("INFO", logger="doorward.access"):
        answer = call(key, "GET", "/api/v1/scans/scan_x")
    (line,) = caplog.records
    assert line.getMessage() == "GET /api/v1/scans/<str:scan_id> 404"
    assert line.credential_id.startswith("key_")
    assert (line.status, line.address) == (404, "127.0.0.1")
    assert answer.headers["X-Request-Id"].startswith("req_")


def test_pages_have_an_id_and_the_security_headers_but_no_limits(db):
    for path in ("/", "/login", "/healthz", "/docs/problems", "/nowhere", "/admin/"):
        answer = send("GET", path)
        assert REQUEST_ID.fullmatch(answer.headers["X-Request-Id"])
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "X-RateLimit-Limit" not in answer.headers
