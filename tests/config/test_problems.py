"""Every refusal is a problem: one shape, a stable code, and what to do."""

import json
import re

import pytest
from django.test import Client

from accounts.problems import CODES, Problem

METADATA = "http://localhost:8000/.well-known/oauth-protected-resource"


@pytest.fixture
def trouble(frame):
    """The answer to what an exception of this kind turns into."""

    def make(kind, path="/api/trouble"):
        return frame.get(path, {"kind": kind})

    return make


def test_a_problem_has_every_member_and_its_media_type(trouble):
    answer = trouble("problem")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "http://localhost:8000/docs/problems#key_revoked",
        "title": "The API key is revoked",
        "status": 401,
        "code": "key_revoked",
        "detail": "Create a new key.",
        "request_id": answer.headers["X-Request-Id"],
    }


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_is_a_word_that_says_what_to_do(code):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert 400 <= CODES[code].status <= 503
    assert CODES[code].title
    assert CODES[code].advice.endswith(".")
    assert "Retry-After" in Problem(code, retry_after=1).headers


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("failed", 401, "invalid_credential"),
        ("anonymous", 401, "credential_required"),
        ("parse", 400, "invalid_request"),
        ("throttled", 429, "rate_limited"),
        ("denied", 403, "forbidden"),
        ("django denied", 403, "forbidden"),
        ("missing", 404, "not_found"),
        ("suspicious", 400, "invalid_request"),
        ("bad", 400, "invalid_request"),
        ("big", 413, "payload_too_large"),
        ("host", 400, "bad_host"),
        ("database", 503, "unavailable"),
        ("interface", 503, "unavailable"),
        ("bug", 500, "internal_error"),
    ],
)
@pytest.mark.parametrize("path", ["/api/trouble", "/api/plain-trouble"])
def test_an_exception_becomes_its_problem_inside_and_outside_rest_framework(
    trouble, kind, status, code, path
):
    if kind in ("failed", "anonymous", "parse", "throttled", "denied"):
        path = "/api/trouble"
    answer = trouble(kind, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.json()["code"] == code
    assert "secret" not in answer.content.decode()
    assert "postgres" not in answer.content.decode()


@pytest.mark.parametrize(
    ("kind", "detail", "fields"),
    [
        ("invalid", "name: Too long.", ["name", "scopes[2]"]),
        ("nested", "limits.burst: Too many.", ["limits.burst"]),
        ("many", "[1].name: Missing.", ["[1].name"]),
        ("whole", "They do not fit.", [""]),
        ("django", "email: Not an address.", ["email"]),
        ("sentence", "Not so.", [""]),
    ],
)
def test_a_validation_error_lists_every_field_and_names_the_first(
    trouble, kind, detail, fields
):
    answer = trouble(kind)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["detail"] == detail
    assert [error["field"] for error in answer.json()["errors"]] == fields


def test_401_says_how_to_authenticate(trouble):
    realm = 'Bearer realm="doorward"'
    metadata = f'resource_metadata="{METADATA}"'
    challenge = f"{realm}, {metadata}"
    assert trouble("anonymous").headers["WWW-Authenticate"] == challenge
    refused = f'{realm}, error="invalid_token", {metadata}'
    assert trouble("failed").headers["WWW-Authenticate"] == refused
    assert trouble("problem").headers["WWW-Authenticate"] == refused


def test_insufficient_scope_names_the_missing_scopes_twice(trouble):
    answer = trouble("scope")
    assert answer.status_code == 403
    assert answer.json()["missing"] == ["scans_read", "scans_write"]
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="doorward", error="insufficient_scope", '
        f'scope="scans_read scans_write", resource_metadata="{METADATA}"'
    )


def test_an_exhausted_quota_is_told_in_the_words_of_the_draft(trouble):
    answer = trouble("limited")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "54"
    body = answer.json()
    assert body["type"].endswith("http-problem-types#quota-exceeded")
    assert body["violated-policies"] == ["minute", "day"]
    assert body["code"] == "rate_limited"


@pytest.mark.parametrize(("kind", "seconds"), [("database", "5"), ("throttled", "8")])
def test_who_may_come_back_is_told_when(trouble, kind, seconds):
    assert trouble(kind).headers["Retry-After"] == seconds


def test_a_lost_database_is_logged_with_its_cause(trouble, caplog):
    trouble("database")
    assert "The database does not answer." in caplog.text
    assert "OperationalError" in caplog.text


@pytest.mark.parametrize("kind", ["problem", "invalid", "bug", "database", "missing"])
@pytest.mark.parametrize("path", ["/api/trouble", "/trouble"])
def test_no_refusal_is_kept_by_a_cache(trouble, kind, path):
    assert trouble(kind, path).headers["Cache-Control"] == "no-store"


def test_a_method_that_is_not_there_is_answered_with_those_that_are(frame):
    answer = frame.put("/api/things")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert {"POST", "PATCH"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
def test_the_api_speaks_json_whatever_the_accept_header_says(frame, accept):
    answer = frame.post(
        "/api/echo",
        {"a": 1},
        content_type="application/json",
        headers={"accept": accept},
    )
    assert answer.status_code == 200
    assert answer.json() == {"a": 1}


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/oauth/nothing", "/.well-known/nothing"]
)
def test_an_unknown_address_of_the_api_is_a_problem(frame, path):
    answer = frame.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_an_unknown_page_is_a_page(frame):
    answer = frame.get("/<script>")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = answer.content.decode()
    assert "<h1>Not found</h1>" in page
    assert answer.headers["X-Request-Id"] in page
    assert "<script>" not in page


@pytest.mark.parametrize(("kind", "status"), [("bug", 500), ("database", 503)])
def test_a_page_that_fails_is_answered_by_a_page(trouble, kind, status):
    answer = trouble(kind, "/trouble")
    assert answer.status_code == status
    assert b"<h1>" in answer.content
    assert b"secret" not in answer.content


def test_a_form_without_its_token_is_refused_with_what_to_do():
    answer = Client(enforce_csrf_checks=True).post("/login", {"email": "a@b.test"})
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


def test_the_type_of_every_problem_leads_to_its_explanation(frame):
    page = frame.get("/docs/problems").content.decode()
    for code in CODES:
        link = Problem(code).body("")["type"]
        assert f'id="{link.partition("#")[2]}"' in page


def test_a_name_that_looks_like_a_secret_is_not_repeated(frame):
    secret = f"nr_live_{'a1' * 24}"
    answer = frame.post(
        "/api/things", json.dumps({secret: 1}), content_type="application/json"
    )
    assert answer.status_code == 400
    assert secret not in answer.content.decode()


def test_many_errors_are_told_in_part(frame):
    body = json.dumps({f"a{number}": 1 for number in range(3000)})
    answer = frame.post("/api/things", body, content_type="application/json")
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 20
