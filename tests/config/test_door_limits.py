"""Who is counted how: by key, by sign-in, by address, whatever the answer is."""

from dataclasses import replace

import pytest
import time_machine
from django.test import Client

from apikeys.models import ApiKey
from ratelimits.limits import Limits
from tests.cast import founder, send

SCANS = "/api/v1/scans"


@pytest.fixture(autouse=True)
def one_moment(standing_limits):
    """The clock stands, so that no window moves on while a test counts."""
    with time_machine.travel("2040-01-01T00:00:00Z", tick=False):
        yield


@pytest.fixture
def starter(signing_keys):
    """An owner on the starter plan: 20 in a second, 100 in a minute."""
    return founder("stan@small.test", "Small", product="netrecon", plan="starter")


@pytest.fixture
def left():
    """left(key) -> how many requests it has left, after this one."""

    def remaining(key="", path="/api/v1/auth/whoami", method="GET", **headers):
        headers = {"X_API_KEY": key, **headers} if key else headers
        answer = send(method, path, **headers)
        return int(answer.headers["X-RateLimit-Remaining"])

    return remaining


def test_a_plan_says_how_many(starter, issue, alice, nadia, call):
    for owner, limit in ((starter, "100"), (alice, "2000"), (nadia, "100")):
        key = issue(owner=owner)[1]
        answer = call(key, "GET", "/api/v1/auth/whoami")
        assert answer.headers["X-RateLimit-Limit"] == limit
        assert answer.headers["X-RateLimit-Remaining"] == str(int(limit) - 1)


def test_the_21st_request_in_a_second_is_refused(starter, issue, call):
    key = issue("scans_read", owner=starter)[1]
    answers = [call(key) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    refused = answers[-1]
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["X-RateLimit-Limit"] == "20"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Reset"].isdigit()
    body = refused.json()
    assert body["code"] == "rate_limited"
    assert body["violated-policies"] == ["burst"]
    assert body["retry_after"] == 1
    assert body["type"].endswith("#quota-exceeded")


def test_refused_requests_use_nothing_up_and_do_nothing(starter, issue, call):
    key = issue("scans_write", "scans_read", owner=starter)[1]
    for _ in range(20):
        assert call(key, "POST", SCANS, {"scope": "full"}).status_code == 201
    for _ in range(5):
        assert call(key, "POST", SCANS, {"scope": "full"}).status_code == 429
    listed = starter.call("GET", f"{SCANS}?limit=100").json()["data"]
    assert len(listed) == 20


def test_403_404_405_and_400_are_counted(issue, left):
    key = issue()[1]
    first = left(key)
    paths = [(SCANS, "GET"), ("/api/v1/nowhere", "GET"), (SCANS, "PUT")]
    paths += [("/api/v1/api-keys/x", "DELETE"), ("/api/schema", "GET")]
    for number, (path, method) in enumerate(paths, 1):
        assert left(key, path, method) == first - number


def test_a_preflight_is_free_and_nothing_else_is(db, left):
    asked = {"ACCESS_CONTROL_REQUEST_METHOD": "POST", "ORIGIN": "https://x.test"}
    first = left(path=SCANS)
    assert left(path=SCANS, method="OPTIONS", **asked) == first
    assert left(path=SCANS, method="OPTIONS") == first - 1
    # Only OPTIONS is a preflight: the header alone must not make a request free.
    assert left(path=SCANS, **asked) == first - 2


def test_what_shows_a_key_is_no_preflight(issue, left):
    """Browsers send none with it, so it is somebody who wants to go uncounted."""
    key = issue("scans_read")[1]
    first = left(key)
    assert left(key, SCANS, "OPTIONS", ACCESS_CONTROL_REQUEST_METHOD="GET") == first - 1


def test_a_key_is_counted_as_one_in_both_headers(issue, left):
    key = issue()[1]
    first = left(key)
    assert left(AUTHORIZATION=f"Bearer {key}") == first - 1
    assert left(key) == first - 2


def test_each_key_has_its_own_count(issue, left):
    keys = [issue()[1], issue()[1], issue(environment="test")[1]]
    left(keys[0])
    assert [left(key) for key in keys] == [1998, 1999, 1999]


def test_a_refreshed_sign_in_is_no_new_count(alice, left):
    tokens = alice.sign_in()
    first = left(AUTHORIZATION=f"Bearer {tokens['access_token']}")
    body = {"refresh_token": tokens["refresh_token"]}
    fresh = send("POST", "/api/v1/auth/refresh", body).json()
    assert left(AUTHORIZATION=f"Bearer {fresh['access_token']}") == first - 1


def test_two_sign_ins_have_two_counts(alice, left):
    tokens = [alice.sign_in()["access_token"] for _ in range(2)]
    assert [left(AUTHORIZATION=f"Bearer {text}") for text in tokens] == [1999, 1999]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_API_KEY": "nr_live_wrong"},
        {"AUTHORIZATION": "Bearer eyJ.e30.x"},
        {"X_API_KEY": "a", "AUTHORIZATION": "b"},
    ],
)
def test_who_proves_nothing_is_counted_by_address(db, left, settings, headers):
    settings.ANONYMOUS_LIMITS = Limits(600, 100, None)
    assert left(path=SCANS, **headers) == 599
    assert left(path="/api/v1/auth/login", method="POST") == 598
    assert left(path="/api/schema") == 597


def test_a_dead_key_is_counted_by_address_too(issue, left):
    api_key, key = issue()
    ApiKey.objects.filter(pk=api_key.pk).revoke("other")
    assert left(key) == 599


def test_addresses_are_counted_apart_and_a_64_network_as_one(db):
    def ask(address):
        answer = Client().get(SCANS, REMOTE_ADDR=address)
        return int(answer.headers["X-RateLimit-Remaining"])

    assert [ask("203.0.113.1"), ask("203.0.113.2")] == [599, 599]
    assert [ask("2001:db8::1"), ask("2001:db8::ffff"), ask("2001:db8:0:1::1")] == [
        599,
        598,
        599,
    ]
    assert ask("::ffff:203.0.113.1") == 598


def test_a_forged_forwarding_header_buys_no_new_count(db):
    names = ("X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "TRUE_CLIENT_IP", "CLIENT_IP")
    for number, name in enumerate(names, 1):
        answer = send("GET", SCANS, **{name: f"198.51.100.{number}"})
        assert answer.headers["X-RateLimit-Remaining"] == str(600 - number)


def test_the_anonymous_limit_holds_by_address(db, settings, issue, call):
    settings.ANONYMOUS_LIMITS = Limits(per_minute=5, burst=5, daily=None)
    key = issue()[1]
    answers = [send("GET", SCANS).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    # Who proves a key is not kept out by the others behind the same address.
    assert call(key, "GET", "/api/v1/auth/whoami").status_code == 200


def test_a_public_endpoint_is_counted_by_address_whatever_is_sent(issue, left):
    key = issue()[1]
    first = left(key, "/api/v1/auth/login", "POST")
    assert first == 599
    assert left(key) == 1999


def test_health_and_pages_are_not_counted(db, settings):
    settings.ANONYMOUS_LIMITS = Limits(per_minute=1, burst=1, daily=None)
    for _ in range(5):
        assert send("GET", "/healthz").status_code == 200
        assert send("GET", "/login").status_code == 200
    assert send("GET", SCANS).status_code == 401
    assert send("GET", SCANS).status_code == 429


def test_a_plan_that_changes_holds_at_once(starter, issue, left):
    key = issue(owner=starter)[1]
    assert left(key) == 99
    starter.organization.plan_slug = "professional"
    starter.organization.save()
    assert left(key) == 498


def test_the_daily_quota_is_told_once_it_has_less_left(starter, issue, call, settings):
    product = starter.organization.product
    plan = replace(starter.organization.plan, limits=Limits(100, 20, 3))
    plans = {**product.plans, "starter": plan}
    settings.PRODUCTS = {**settings.PRODUCTS, "netrecon": replace(product, plans=plans)}
    key = issue(owner=starter)[1]
    answers = [call(key, "GET", "/api/v1/auth/whoami") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Limit"] for answer in answers] == ["3"] * 4
    assert answers[-1].json()["violated-policies"] == ["day"]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 86_400
