"""/metrics: true numbers for Prometheus, and for nobody else."""

import re
from ipaddress import ip_network

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from ratelimits import metrics
from ratelimits.limits import Limits
from ratelimits.worker_numbers import WorkerNumbers
from tests.cast import send

SCANS = "/api/v1/scans"
DECISIONS = "doorward_limiter_decisions_total"
REQUESTS = "doorward_requests_total"


@pytest.fixture
def source(settings):
    return "redis" if settings.REDIS_URL else "local"


def read(**meta):
    answer = Client().get("/metrics", **meta)
    assert answer.status_code == 200, answer.content
    return numbers(answer.content.decode())


def numbers(text):
    """(name, the values of its labels) -> number."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def risen(before, after):
    """By how much each number is higher."""
    return {
        name: after[name] - before[name]
        for name in after
        if after[name] != before[name] and "duration" not in name[0]
    }


def test_decisions_are_counted_by_source_and_outcome(db, settings, source):
    settings.ANONYMOUS_LIMITS = Limits(3, 3, None)
    before = read()
    for _ in range(5):
        send("GET", SCANS)
    found = risen(before, read())
    refused = {name: found.pop(name) for name in list(found) if "limited" in name}
    assert found == {
        (DECISIONS, "allowed", source): 3,
        (REQUESTS, "2xx"): 1,
        (REQUESTS, "4xx"): 5,
    }
    assert sum(refused.values()) == 2
    # The second one is remembered by this process where Redis refused the first.
    assert len(refused) == (2 if source == "redis" else 1)


def test_pages_and_health_are_requests_but_no_decisions(db):
    before = read()
    for path in ("/login", "/healthz", "/nowhere"):
        send("GET", path)
    # One of the three good ones is the first reading itself.
    assert risen(before, read()) == {(REQUESTS, "2xx"): 3, (REQUESTS, "4xx"): 1}


def test_the_time_of_requests_is_told_in_buckets(db):
    name = "doorward_request_duration_seconds"
    before = read()
    for _ in range(3):
        send("GET", "/nowhere")
    after = read()
    assert after[f"{name}_count", "4xx"] - before[f"{name}_count", "4xx"] == 3
    spent = after[f"{name}_sum", "4xx"] - before[f"{name}_sum", "4xx"]
    assert 0 < spent < 3
    buckets = [
        after[f"{name}_bucket", *sorted((end, "4xx"))] for end in metrics.BUCKET_LABELS
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == after[f"{name}_count", "4xx"]


@pytest.mark.parametrize(
    ("seconds", "end"), [(0, "0.005"), (0.005, "0.005"), (0.0051, "0.01"), (9, "+Inf")]
)
def test_a_bucket_holds_what_took_no_longer_than_its_end(seconds, end):
    def held():
        found = numbers(metrics.exposition().decode())
        name = "doorward_request_duration_seconds_bucket"
        return [found[name, *sorted((end, "5xx"))] for end in metrics.BUCKET_LABELS]

    before = held()
    metrics.answered(503, seconds)
    more = [new - old for old, new in zip(before, held(), strict=True)]
    first = metrics.BUCKET_LABELS.index(end)
    assert more == [0] * first + [1] * (len(metrics.BUCKET_LABELS) - first)


def test_no_label_holds_what_a_caller_chooses(db, issue, call):
    before = set(read())
    call(issue("scans_read")[1], "GET", "/api/v1/scans?secret=1", None)
    Client().generic("BREW", "/api/v1/teapots/1", REMOTE_ADDR="203.0.113.9")
    assert set(read()) == before


@pytest.mark.sqlite_only
def test_without_redis_there_is_no_word_of_it(settings):
    settings.LIMITER = "local"
    assert not [name for name in read() if "redis_up" in name[0]]


def test_it_costs_no_request_of_any_limit_and_no_database(settings):
    # Without the fixture `db` a query would fail.
    settings.ANONYMOUS_LIMITS = Limits(1, 1, None)
    for _ in range(3):
        answer = Client().get("/metrics")
        assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.match(r"text/plain; version=\d", answer.headers["Content-Type"])


def test_prometheus_may_ask_by_an_address_that_is_no_name_of_ours():
    for host in ("10.1.2.3:8000", "[::1]:8000", "metrics.internal"):
        assert read(HTTP_HOST=host)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_is_for_reading_only(method):
    answer = Client().generic(method, "/metrics")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert Client().head("/metrics").status_code == 200


# Who may read it


def status(**meta):
    return Client().get("/metrics", **meta).status_code


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
)
def test_this_machine_may_read_it(address):
    assert status(REMOTE_ADDR=address) == 200


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "128.0.0.1", "::2", "203.0.113.9", "", "unix", "localhost"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_for_others_there_is_no_such_address(db, address, method):
    answer = Client().generic(method, "/metrics", REMOTE_ADDR=address)
    nowhere = Client().generic(method, "/nowhere", REMOTE_ADDR=address)
    assert answer.status_code == nowhere.status_code == 404
    assert named(answer) == named(nowhere)


def named(answer):
    """The page and its headers without the request's own id."""
    ids = r"req_[0-9a-z]+"
    headers = {name: re.sub(ids, "", value) for name, value in answer.headers.items()}
    return re.sub(ids, "", answer.content.decode()), headers


def test_an_operator_names_who_else_may(settings):
    settings.METRICS_NETWORKS = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert status(REMOTE_ADDR="10.1.2.3") == status(REMOTE_ADDR="fd12::1") == 200
    assert status(REMOTE_ADDR="10.2.0.1") == status(REMOTE_ADDR="127.0.0.1") == 404


@pytest.mark.parametrize(
    "name", ["X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "VIA", "X_FORWARDED_PROTO"]
)
@pytest.mark.parametrize("value", ["127.0.0.1", "203.0.113.9", "for=127.0.0.1", ""])
def test_what_a_proxy_of_this_machine_passes_on_is_not_this_machine(name, value):
    assert status(**{f"HTTP_{name}": value}) == 404


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("10.1.2.3", 200),
        ("127.0.0.1, 10.1.2.3", 200),
        ("203.0.113.9", 404),
        ("10.1.2.3, 203.0.113.9", 404),
        # Who is not told was not asked for by the proxy itself.
        ("127.0.0.1", 404),
        ("unknown", 404),
        ("10.1.2.3, unknown", 404),
        ("", 404),
    ],
)
def test_a_trusted_proxy_says_for_whom_it_asks(settings, forwarded, expected):
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.1/32"),)
    settings.METRICS_NETWORKS = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))
    assert status(HTTP_X_FORWARDED_FOR=forwarded) == expected
    # Only the first of two proxies is trusted here.
    assert status(HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR="10.9.9.9") == 404
    assert status(HTTP_FORWARDED=f"for={forwarded}") == 404
    assert status() == 200


def test_numbers_of_one_process_are_not_shown_as_those_of_all(
    settings, tmp_path, monkeypatch
):
    (tmp_path / "metrics").touch()
    alone = WorkerNumbers(metrics.HOW_MANY, lambda: tmp_path / "metrics")
    monkeypatch.setattr(metrics, "numbers", alone)
    answer = Client().get("/metrics")
    assert answer.status_code == 503
    assert "data folder" in answer.content.decode()
    assert str(tmp_path) not in answer.content.decode()
