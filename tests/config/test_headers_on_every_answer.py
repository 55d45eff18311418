"""Whatever the answer under /api/ and /oauth/ is: its limits, all of them, and true."""

import re
import secrets
import time
from dataclasses import replace

import pytest
from django.db import OperationalError, connection
from django.test import Client

from ratelimits import stores
from ratelimits.headers import NAMES
from ratelimits.limits import Limits
from tests.config.answers import ADDRESS, CASES, KEY, Case
from tests.ratelimits.redis_servers import one_redis

__all__ = ["one_redis"]
PLAN = Limits(per_minute=50, burst=40, daily=None)
NOBODY = Limits(per_minute=30, burst=25, daily=None)
ITEM = re.compile(r'"(burst|minute|day)";r=(\d+);t=(\d+)')


@pytest.fixture(params=["local", "redis", "away"])
def source(request, settings):
    """Who counts: this process, Redis, or this process while Redis is away."""
    settings.LIMITER = "local" if request.param == "local" else "redis"
    if request.param == "redis":
        settings.REDIS_URL = request.getfixturevalue("one_redis").url
    elif request.param == "away":
        settings.REDIS_URL = f"unix:///nowhere/{secrets.token_hex(8)}.sock"
    # Not by `reset`, which would ask a Redis that is away to forget.
    stores._stores.clear()
    yield request.param
    stores._stores.clear()


@pytest.fixture
def limits(settings, alice):
    """By what a request is counted -> its limits, small and no product's own."""
    product = alice.organization.product
    plan = replace(product.plans["enterprise"], limits=PLAN)
    plans = {**product.plans, "enterprise": plan}
    settings.PRODUCTS = {**settings.PRODUCTS, "netrecon": replace(product, plans=plans)}
    settings.ANONYMOUS_LIMITS = NOBODY
    return {KEY: PLAN, ADDRESS: NOBODY}


@pytest.fixture
def ask(settings, source, limits, issue):
    """Send a case, with a key of its own and from an address of its own."""
    settings.ROOT_URLCONF = "tests.config.answers"
    broken = "tests.config.answers.BrokenInside"
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], broken, *settings.MIDDLEWARE[1:]]
    key = issue("scans_read", "scans_write")[1]
    address = f"2001:db8:{secrets.randbelow(65_536):x}:{secrets.randbelow(65_536):x}::1"
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def send(case):
        shown = {"X-API-Key": key} if case.by == KEY or case.name == TWO else {}
        return client.generic(
            case.method,
            case.path,
            case.content,
            case.content_type,
            headers={**shown, **case.headers},
            REMOTE_ADDR=address,
        )

    return send


TWO = "two credentials"
EARLIER = Case("an earlier request", 404, path="/api/v1/nowhere")


def check(answer, limits, left):
    """All that every answer says, and that it is so."""
    headers, now = answer.headers, time.time()
    policy = f'"burst";q={limits.burst};w=1, "minute";q={limits.per_minute};w=60'
    assert headers["RateLimit-Policy"] == policy
    assert int(headers["X-RateLimit-Remaining"]) == left
    assert now - 1 <= int(headers["X-RateLimit-Reset"]) <= now + 61
    items = [ITEM.fullmatch(part) for part in headers["RateLimit"].split(", ")]
    minute, *more = [(found[1], int(found[2]), int(found[3])) for found in items]
    assert minute[0] == "minute"
    assert 0 <= minute[2] <= 60
    assert [window for window, _, _ in more] in ([], ["burst"])
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert set(NAMES) <= set(exposed)
    assert len(exposed) == len(set(exposed))
    if answer.status_code != 429:
        assert int(headers["X-RateLimit-Limit"]) == limits.per_minute
        assert minute[1] == left
        assert ("Retry-After" in headers) == (answer.status_code == 503)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_answer_tells_its_limits(ask, limits, case):
    earlier = ask(replace(EARLIER, by=case.by))
    full = limits[case.by].per_minute
    check(earlier, limits[case.by], full - 1)
    answer = ask(case)
    assert answer.status_code == case.status, answer.getvalue()
    check(answer, limits[case.by], full - 1 - case.cost)
    last = ask(replace(EARLIER, by=case.by))
    check(last, limits[case.by], full - 2 - case.cost)


@pytest.mark.parametrize("by", [KEY, ADDRESS])
def test_a_database_that_is_away(ask, limits, by):
    """Nobody can be proven: the address is counted, and no limit is told of a key."""

    def away(*_):
        raise OperationalError

    with connection.execute_wrapper(away):
        key = Case("shows a key", 503)
        login = Case("signs in", 503, "POST", "/api/v1/auth/login", ADDRESS)
        body = b'{"email": "alice@acme.test", "password": "x"}'
        answers = [ask(key if by == KEY else replace(login, content=body))]
    assert [answer.status_code for answer in answers] == [503]
    check(answers[0], NOBODY, NOBODY.per_minute - 1)


LIMITED = [
    Case("with a key", 429),
    Case("for nobody", 429, by=ADDRESS),
    Case("in OAuth", 429, "POST", "/oauth/token", ADDRESS, content_type="text/plain"),
    Case("head", 429, "HEAD"),
    Case("options", 429, "OPTIONS"),
    Case("nowhere", 429, path="/api/v1/nowhere"),
    Case("two credentials", 429, by=ADDRESS, headers={"Authorization": "Bearer x"}),
    Case("unknown host", 429, by=ADDRESS, headers={"Host": "evil.test"}),
]


@pytest.mark.parametrize("case", LIMITED, ids=lambda case: case.name)
def test_too_many(ask, settings, limits, case, request):
    few = Limits(per_minute=3, burst=3, daily=None)
    settings.ANONYMOUS_LIMITS = few
    product = settings.PRODUCTS["netrecon"]
    plan = replace(product.plans["enterprise"], limits=few)
    plans = {**product.plans, "enterprise": plan}
    settings.PRODUCTS = {**settings.PRODUCTS, "netrecon": replace(product, plans=plans)}
    for number in range(3):
        check(ask(replace(EARLIER, by=case.by)), few, 2 - number)
    before = time.time()
    answer = ask(case)
    assert answer.status_code == 429
    check(answer, few, 0)
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert abs(int(answer.headers["X-RateLimit-Reset"]) - before - wait) < 2
    assert answer.headers["X-RateLimit-Limit"] == "3"
    assert answer.headers["Content-Type"] == "application/problem+json"
    if case.method != "HEAD":
        problem = answer.json()
        assert problem["type"].endswith("http-problem-types#quota-exceeded")
        assert "minute" in problem["violated-policies"]
        assert set(problem["violated-policies"]) <= {"burst", "minute"}
        assert (problem["status"], problem["retry_after"]) == (429, wait)


def test_a_preflight_is_answered_even_when_nothing_is_left(ask, settings):
    settings.ANONYMOUS_LIMITS = Limits(per_minute=1, burst=1, daily=None)
    ask(replace(EARLIER, by=ADDRESS))
    assert ask(Case("refused", 429, by=ADDRESS)).status_code == 429
    asked = [case for case in CASES if case.name == "preflight of OAuth"]
    answer = ask(asked[0])
    assert answer.status_code == 204
    check(answer, settings.ANONYMOUS_LIMITS, 0)
