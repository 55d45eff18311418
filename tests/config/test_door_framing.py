"""Hosts, methods and framing: what two servers may read differently is not read."""

import pytest
from django.test import Client

from accounts import mail
from scans.models import Scan
from tests.cast import send

SCANS = "/api/v1/scans"


@pytest.fixture
def key(issue):
    return issue("scans_read", "scans_write")[1]


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    "host",
    [
        *("evil.test", "testserver,evil.test", "testserver, testserver", "", "a b"),
        *("testserver.evil.test", "eviltestserver", "testserver@evil.test", "*"),
        *("testserver:80:80", "[::1", "testserver/evil", "test\u00e9", "x" * 300),
    ],
)
def test_an_unknown_host_is_refused_everywhere(key, host):
    assert code(send("GET", SCANS, HOST=host, X_API_KEY=key)) == (400, "bad_host")
    for path in ("/", "/login", "/admin/", "/docs/problems", "/.well-known/jwks.json"):
        assert send("GET", path, HOST=host).status_code == 400


def test_an_unknown_host_is_refused_before_the_credential_is_looked_at(
    key, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert send("GET", SCANS, HOST="evil.test", X_API_KEY=key).status_code == 400


def test_the_hosts_of_the_guides_are_known(key):
    for host in ("api.netallion.ai", "app.netallion.ai", "localhost"):
        answer = send("GET", SCANS, HOST=host, X_API_KEY=key)
        assert answer.status_code == 200


@pytest.mark.parametrize("name", ["X_FORWARDED_HOST", "FORWARDED", "X_HOST"])
def test_no_other_header_names_the_host(name, alice, post_reset):
    assert "evil.test" not in post_reset(**{name: "evil.test"})


@pytest.fixture
def post_reset(alice, django_capture_on_commit_callbacks, mailoutbox):
    """post_reset(FORWARDED="…") -> what is mailed to who asks for a new password."""

    def ask(**headers):
        body = {"email": alice.user.email}
        with django_capture_on_commit_callbacks(execute=True):
            send("POST", "/api/v1/auth/password/reset", body, **headers)
        mail.wait()
        assert "http://localhost:8000/" in mailoutbox[-1].body
        return mailoutbox[-1].body

    return ask


@pytest.mark.parametrize("path", [SCANS, "/api/v1/nowhere", "/", "/login", "/healthz"])
def test_trace_is_answered_nowhere(db, path):
    answer = send("TRACE", path, X_API_KEY="nr_live_secret")
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert "TRACE" not in answer.headers["Allow"]
    assert "nr_live_secret" not in answer.content.decode()


def test_a_body_of_unknown_length_is_refused_and_the_connection_closed(key):
    body = {"scope": "full"}
    for coding in ("chunked", "identity", "gzip, chunked", "x", ""):
        answer = send("POST", SCANS, body, TRANSFER_ENCODING=coding, X_API_KEY=key)
        assert code(answer) == (411, "length_required")
        assert answer.headers["Connection"] == "close"
    assert not Scan.objects.exists()
    page = send("POST", "/login", body, TRANSFER_ENCODING="chunked")
    assert (page.status_code, page.headers["Connection"]) == (411, "close")


def test_other_answers_leave_the_connection_open(key, call):
    assert "Connection" not in call(key).headers


@pytest.mark.parametrize("path", [SCANS, "/api/v1/workspaces", "/api/v1/auth/whoami"])
def test_head_tells_what_get_tells_without_the_body(key, path):
    got = send("GET", path, X_API_KEY=key)
    told = send("HEAD", path, X_API_KEY=key)
    assert told.status_code == got.status_code == 200
    assert told.content == b""
    assert told.headers["Content-Type"] == got.headers["Content-Type"]


def test_head_asks_for_the_same_right_as_get(issue, alice):
    """Else a key without rights could tell which objects there are."""
    scan = alice.call("POST", SCANS, {"scope": "full"}).json()["id"]
    empty = issue()[1]
    for path in (SCANS, f"{SCANS}/{scan}", "/api/v1/users", "/api/v1/audit-events"):
        answers = [send(method, path, X_API_KEY=empty) for method in ("GET", "HEAD")]
        assert [answer.status_code for answer in answers] == [403, 403]


def test_options_needs_a_credential_and_tells_the_methods(key):
    assert send("OPTIONS", SCANS).status_code == 401
    told = send("OPTIONS", SCANS, X_API_KEY=key)
    assert told.status_code == 200
    assert told.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_no_site_reads_answers_across_origins(key):
    for origin in ("https://evil.test", "null", "http://localhost:8000.evil.test"):
        for method in ("GET", "OPTIONS"):
            answer = send(
                method,
                SCANS,
                X_API_KEY=key,
                ORIGIN=origin,
                ACCESS_CONTROL_REQUEST_METHOD="GET",
            )
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "CONNECT", "PURGE"])
def test_a_method_that_is_not_there_names_those_that_are(key, method):
    answer = send(method, SCANS, {}, X_API_KEY=key)
    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "name", ["X_HTTP_METHOD_OVERRIDE", "X_METHOD_OVERRIDE", "X_HTTP_METHOD"]
)
def test_no_header_replaces_the_method(key, name):
    headers = {name: "DELETE", "X_API_KEY": key}
    assert send("POST", SCANS, {"scope": "full"}, **headers).status_code == 201


@pytest.mark.parametrize(
    "name", ["X_API_KEY", "AUTHORIZATION", "COOKIE", "USER_AGENT", "ACCEPT", "ORIGIN"]
)
def test_a_huge_header_is_refused_or_ignored(db, name):
    for text in ("a" * 100_000, "Bearer " + "a." * 50_000, "Bearer " + "eyJ." * 30_000):
        answer = send("GET", SCANS, **{name: text})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "text",
    [
        *("Bearer \x00", "Bearer \xff\xfe", "Bearer a\tb", "\x00", "Bearer  ", "é"),
        *("Bearer ..", "Bearer a..", "Bearer .a.", "Bearer eyJhbGciOiJub25lIn0..", "."),
        *("Bearer W10.W10.W10", "Bearer bnVsbA.e30.x", "Bearer e30.e30.e30"),
    ],
)
def test_a_broken_authorization_is_refused_like_every_other(db, text):
    answer = send("GET", SCANS, AUTHORIZATION=text)
    assert code(answer) == (401, "invalid_credential")
    assert code(send("GET", SCANS, X_API_KEY=text)) == (401, "invalid_credential")


@pytest.mark.parametrize("length", ["-1", "x", "9" * 30, "1e3", "", "0x10"])
def test_an_odd_content_length_is_no_fault_of_ours(key, length):
    client = Client(raise_request_exception=False)
    answer = client.generic(
        "POST",
        SCANS,
        b'{"scope": "full"}',
        "application/json",
        CONTENT_LENGTH=length,
        HTTP_X_API_KEY=key,
    )
    assert answer.status_code in (201, 400, 413)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*;q=0", "", "x"])
def test_the_api_answers_json_whatever_is_accepted(key, accept):
    answer = send("GET", SCANS, X_API_KEY=key, ACCEPT=accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
