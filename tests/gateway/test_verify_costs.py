"""The judged credential pays, a dry run leaves no trace, and asking is free."""

import pytest

from accounts import denials
from accounts.last_used import recorder
from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.limits import Limits
from tests.cast import send
from tests.gateway.conftest import CLIENT, VERIFY

SCANS = {"method": "GET", "path": "/api/v1/scans"}


@pytest.fixture(autouse=True)
def _standing(standing_limits):
    """No window moves on while a test counts."""


@pytest.fixture
def key(issue):
    return issue("scans_read", limits={"per_minute": 10, "burst": 10, "daily": None})[1]


@pytest.fixture
def usage_of(alice):
    """usage_of(api_key) -> what was counted of it, as its endpoint tells it."""

    def told(api_key):
        usage.recorder.flush()
        path = f"/api/v1/api-keys/{api_key.public_id}/usage"
        return alice.call("GET", path).json()

    return told


def test_the_cost_is_charged_to_the_judged_credential(key, ask, call):
    assert ask(key, cost=4)["rate_limit"]["remaining"] == 6
    assert ask(key)["rate_limit"]["remaining"] == 5
    assert call(key).headers["X-RateLimit-Remaining"] == "4"


def test_what_does_not_fit_is_refused_and_charges_nothing(key, ask):
    ask(key, cost=8)
    verdict = ask(key, cost=3)
    assert (verdict["valid"], verdict["allowed"]) == (True, False)
    assert verdict["code"] == "rate_limited"
    assert verdict["rate_limit"]["remaining"] == 0
    assert verdict["rate_limit"]["retry_after"] >= 1
    assert ask(key, cost=2)["allowed"]


@pytest.mark.parametrize(
    "question",
    [
        {"scope": "scans_write"},
        {"method": "GET", "path": "/nowhere"},
        {"method": "POST", "path": "/api/v1/scans"},
    ],
)
def test_what_is_refused_charges_nothing(key, ask, question):
    assert ask(key, **question)["rate_limit"]["remaining"] == 10
    assert ask(key)["rate_limit"]["remaining"] == 9


def test_a_dry_run_leaves_no_trace(issue, ask, key):
    dead, text = issue("scans_read")
    ApiKey.objects.filter(pk=dead.pk).revoke("unused")
    trial = issue("scans_read", allowed_ips=("198.51.100.0/24",), ip_mode="report")[1]
    ask(key, ip=CLIENT)
    seen = set(recorder.pending), set(usage.recorder.pending)
    for question in (SCANS, {"scope": "scans_write"}, {"path": "/x", "method": "GET"}):
        assert ask(key, cost=0, ip=CLIENT, **question)["rate_limit"]["remaining"] == 9
        assert ask(text, cost=0, **question)["code"] == "key_revoked"
        assert ask(trial, cost=0, ip=CLIENT, **question)["valid"]
    assert (set(recorder.pending), set(usage.recorder.pending)) == seen
    assert denials.recorder.pending == []


def test_a_dry_run_says_what_a_request_would_be_told(key, ask):
    assert ask(key, cost=0)["allowed"]
    ask(key, cost=10)
    verdict = ask(key, cost=0)
    assert verdict["code"] == "rate_limited"
    assert verdict["rate_limit"]["retry_after"] >= 1


def test_an_allowed_question_is_a_use_of_the_credential(issue, ask, usage_of):
    api_key, key = issue("scans_read", "devices_read")
    ask(key, ip=CLIENT, **SCANS)
    ask(key, ip=CLIENT, scope="devices_read", cost=3)
    recorder.flush()
    api_key.refresh_from_db()
    assert api_key.last_used_ip == CLIENT
    told = usage_of(api_key)
    numbers, endpoints = told["totals"], told["top_endpoints"]
    assert (numbers["requests"], numbers["charged"], numbers["allowed"]) == (2, 4, 2)
    named = {each["endpoint"] for each in endpoints}
    assert named == {"GET /api/v1/scans", "verify"}
    assert told["unused_scopes"] == []


def test_a_refused_question_is_counted_by_its_reason(issue, ask, usage_of):
    api_key, key = issue("scans_read", allowed_ips=("198.51.100.0/24",))
    ask(key, ip=CLIENT)
    ask(key, ip="198.51.100.1", scope="scans_write")
    ask(key, ip="198.51.100.1", method="GET", path="/nowhere")
    ApiKey.objects.filter(pk=api_key.pk).revoke("unused")
    ask(key, ip=CLIENT)
    numbers = usage_of(api_key)["totals"]
    names = ("requests", "ip_not_allowed", "insufficient_scope", "refused", "revoked")
    assert [numbers[name] for name in names] == [4, 1, 1, 1, 1]
    api_key.refresh_from_db()
    recorder.flush()
    assert api_key.last_used_at is None


# Who asks


def test_asking_costs_the_caller_nothing(issue, key):
    limits = {"per_minute": 3, "burst": 3, "daily": 3}
    judge = issue("api_keys_manage", limits=limits)[1]
    for _ in range(5):
        answer = send("POST", VERIFY, {"credential": key}, X_API_KEY=judge)
        assert answer.status_code == 200
        assert answer.headers["X-RateLimit-Remaining"] == "3"


def test_who_may_not_ask_pays_for_it(issue, settings):
    limits = {"per_minute": 2, "burst": 2, "daily": None}
    unfit = issue("scans_read", limits=limits)[1]
    for headers in ({"X_API_KEY": unfit}, {}, {"X_API_KEY": "nr_live_x"}):
        settings.ANONYMOUS_LIMITS = Limits(2, 2, None)
        found = [
            send("POST", VERIFY, {"credential": "x"}, **headers).status_code
            for _ in range(5)
        ]
        assert found[-1] == 429, headers


def test_asking_about_a_key_costs_two_queries_and_no_write(
    key, ask, django_assert_num_queries
):
    with django_assert_num_queries(2):
        assert ask(key, **SCANS)["allowed"]


def test_asking_about_nothing_costs_no_query_more(key, ask, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert not ask("nr_live_" + "0" * 48)["valid"]
