"""What the two guides promise, each sentence held by a test.

The table PROMISES (tests/promises.py) says which sentence is held by which test.
"""

import base64
import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_otp.oath import totp

from accounts.products import products
from tests.cast import founder, send
from tests.live import bearer

# A real server and real clients.
pytestmark = pytest.mark.slow

PRODUCTS = ["netrecon", "netallion"]
JSON = "application/json"
RATE_HEADERS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
EXPIRY = {"netrecon": timedelta(hours=1), "netallion": timedelta(minutes=15)}
# Made up: names nothing that exists.
NOBODY = "00000000000000000000000000"


@pytest.fixture
def person(request, alice, nadia):
    """The owner of an organization of either product."""
    return {"netrecon": alice, "netallion": nadia}[request.param]


both_products = pytest.mark.parametrize("product", PRODUCTS)
both_people = pytest.mark.parametrize("person", PRODUCTS, indirect=True)


def whoami(live, headers):
    return live.send("GET", "/api/v1/auth/whoami", headers=headers)


# Credentials


def test_a_key_and_a_token_are_accepted_on_every_endpoint(live):
    account = live.account("netrecon")
    document = live.send("GET", "/api/schema").json()
    protected = [
        (method.upper(), re.sub(r"{(\w+?)_id}", rf"\1_{NOBODY}", path))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") and {} not in operation["security"]
    ]
    assert len(protected) > 20
    token, key = live.sign_in(account)["access_token"], account["api_key"]
    # Signing out comes last: it ends the session.
    for method, path in sorted(protected, key=lambda one: "logout" in one[1]):
        for headers in ({"X-API-Key": key}, bearer(key), bearer(token)):
            answer = live.send(method, path, headers=headers, json={})
            assert answer.status_code not in (401, 500, 503), f"{method} {path}"


@both_products
def test_a_key_works_without_a_person(live, product):
    proven = whoami(live, {"X-API-Key": live.account(product)["api_key"]}).json()
    assert (proven["kind"], proven["user"]) == ("api_key", None)


@both_products
def test_a_person_signs_in_and_uses_the_token(live, product):
    tokens = live.sign_in(live.account(product))
    proven = whoami(live, bearer(tokens["access_token"])).json()
    assert (proven["kind"], proven["product"]) == ("session", product)
    assert proven["user"].startswith("usr_")


def test_the_second_step_is_asked_for_only_where_it_is_on(alice):
    assert alice.log_in(totp_code="123456").status_code == 200
    secret = base64.b32decode(alice.call("POST", "/api/v1/auth/totp").json()["secret"])
    # The code of the step before: the present one is left for the sign-in.
    first = {"totp_code": f"{totp(secret, drift=-1):06}"}
    assert alice.call("POST", "/api/v1/auth/totp/confirm", first).status_code == 200
    refused = alice.log_in()
    assert (refused.status_code, refused.json()["code"]) == (401, "totp_required")
    assert alice.log_in(totp_code=f"{totp(secret):06}").status_code == 200


# Lifetimes


@both_people
def test_an_access_token_ends_when_its_guide_says(person):
    life = EXPIRY[person.organization.product.slug]
    begun = timezone.now()
    with time_machine.travel(begun, tick=False) as clock:
        tokens = person.sign_in()
        assert tokens["expires_in"] == life.total_seconds()
        clock.move_to(begun + life - timedelta(seconds=1))
        assert person.call("GET", "/api/v1/auth/whoami").status_code == 200
        clock.move_to(begun + life + timedelta(seconds=1))
        refused = person.call("GET", "/api/v1/auth/whoami")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")


@both_people
def test_a_refresh_token_outlives_its_access_token(person):
    begun = timezone.now()
    with time_machine.travel(begun, tick=False) as clock:
        tokens = person.sign_in()
        clock.move_to(begun + timedelta(days=7, seconds=-5))
        renewed = refresh(tokens)
        assert renewed.status_code == 200
        headers = {"AUTHORIZATION": f"Bearer {renewed.json()['access_token']}"}
        assert send("GET", "/api/v1/auth/whoami", **headers).status_code == 200


@both_people
def test_a_refresh_token_ends_after_seven_days(person):
    begun = timezone.now()
    with time_machine.travel(begun, tick=False) as clock:
        tokens = person.sign_in()
        clock.move_to(begun + timedelta(days=7, seconds=5))
        assert refresh(tokens).status_code == 401


def refresh(tokens):
    body = {"refresh_token": tokens["refresh_token"]}
    return send("POST", "/api/v1/auth/refresh", body)


# Keys


@both_products
def test_a_key_has_a_name_scopes_and_an_optional_expiry(live, product):
    account, scope = live.account(product), next(iter(products()[product].scopes))
    made = live.make_key(account, scope, name="CI Pipeline")
    assert (made["name"], made["scopes"]) == ("CI Pipeline", [scope])
    assert made["expires_at"] is None
    dated = live.make_key(account, scope, expires_at="2100-01-31T12:00:00Z")
    assert dated["expires_at"] == "2100-01-31T12:00:00.000Z"


@both_products
def test_a_key_is_shown_once(live, product):
    account = live.account(product)
    made = live.make_key(account, *products()[product].scopes)
    for path in ("/api/v1/api-keys", f"/api/v1/api-keys/{made['id']}"):
        again = live.send("GET", path, headers={"X-API-Key": account["api_key"]})
        assert made["hint"] in again.text
        assert made["key"] not in again.text


@both_products
@pytest.mark.parametrize("environment", ["live", "test"])
def test_a_key_has_the_prefix_and_48_hex_characters(live, product, environment):
    prefix = products()[product].key_prefix(environment)
    account = live.account(product)
    shown_first = account["api_key" if environment == "live" else "test_api_key"]
    made = live.make_key(account, environment=environment)["key"]
    for key in (shown_first, made):
        assert re.fullmatch(prefix + "[0-9a-f]{48}", key)


@both_people
def test_a_key_may_do_what_its_scopes_say_and_nothing_else(person):
    product = person.organization.product
    reading = product.capabilities["scans_read"].scope
    wish = {"name": "Reader", "scopes": [reading]}
    key = person.call("POST", "/api/v1/api-keys", wish).json()["key"]
    headers = {"X_API_KEY": key}
    assert send("GET", "/api/v1/scans", **headers).status_code == 200
    refused = send("POST", "/api/v1/scans", {"scope": "full"}, **headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["missing"] == [product.capabilities["scans_write"].scope]


@both_products
def test_a_revoked_key_is_refused_at_once(live, product):
    account = live.account(product)
    made = live.make_key(account)
    headers = {"X-API-Key": made["key"]}
    assert whoami(live, headers).status_code == 200
    manager = {"X-API-Key": account["api_key"]}
    path = f"/api/v1/api-keys/{made['id']}"
    assert live.send("DELETE", path, headers=manager).status_code == 204
    refused = whoami(live, headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_revoked")


# Scans


@both_products
def test_a_scan_is_started_listed_and_stopped(live, product):
    headers = {"X-API-Key": live.account(product)["api_key"]}
    begun = live.send("POST", "/api/v1/scans", headers=headers, json={"scope": "full"})
    scan = begun.json()
    assert (begun.status_code, scan["status"]) == (201, "queued")
    listed = live.send("GET", "/api/v1/scans", headers=headers).json()["data"]
    assert scan in listed
    stopped = live.send("POST", f"/api/v1/scans/{scan['id']}/stop", headers=headers)
    assert stopped.json() == {**scan, "status": "stopped"}


# Limits


@pytest.mark.parametrize("plan", ["starter", "professional", "enterprise"])
def test_every_answer_tells_the_limits_of_the_plan(plan, signing_keys):
    owner = founder("owner@plans.test", "Plans", product="netallion", plan=plan)
    limits = products()["netallion"].plans[plan].limits
    answer = owner.call("GET", "/api/v1/scans")
    assert answer["X-RateLimit-Limit"] == str(limits.per_minute)
    expected = [f'"burst";q={limits.burst};w=1', f'"minute";q={limits.per_minute};w=60']
    if limits.daily is not None:
        expected.append(f'"day";q={limits.daily};w=86400')
    assert answer["RateLimit-Policy"] == ", ".join(expected)


@both_products
def test_every_answer_carries_the_rate_limit_headers(live, product):
    headers = {"X-API-Key": live.account(product)["api_key"]}
    with_body = {"headers": headers, "json": {"scope": "full"}}
    # Nobody reads a body that is too large, so the server ends the connection.
    once = {**headers, "Connection": "close"}
    made = live.make_key(live.account(product))["id"]
    answers = {
        200: live.send("GET", "/api/v1/scans", headers=headers),
        201: live.send("POST", "/api/v1/scans", **with_body),
        204: live.send("DELETE", f"/api/v1/api-keys/{made}", headers=headers),
        400: live.send("POST", "/api/v1/scans", headers=headers, json=[]),
        401: live.send("GET", "/api/v1/scans"),
        403: live.send("GET", "/api/v1/auth/sessions", headers=headers),
        404: live.send("GET", "/api/v1/nothing", headers=headers),
        405: live.send("PUT", "/api/v1/scans", headers=headers),
        415: live.send("POST", "/api/v1/scans", headers=headers, data={"scope": "x"}),
        413: live.send("POST", "/api/v1/scans", headers=once, json="x" * 70_000),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        limit, left, reset = (int(answer.headers[name]) for name in RATE_HEADERS)
        assert 0 <= left < limit
        assert time.time() - 2 <= reset <= time.time() + 62


def test_too_many_requests_get_429_and_are_let_in_after_retry_after(live):
    headers = {"X-API-Key": live.make_key(live.demo["netallion"])["key"]}
    # 20 per second is the plan's burst, and 100 a minute its limit.
    answers = (whoami(live, headers) for _ in range(101))
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= 60
    time.sleep(wait)
    assert whoami(live, headers).status_code == 200


def test_limits_are_counted_per_key(live):
    account = live.demo["netallion"]
    busy, quiet = (
        {"X-API-Key": live.make_key(account)["key"]} for _ in ("busy", "quiet")
    )
    statuses = {whoami(live, busy).status_code for _ in range(101)}
    assert statuses == {200, 429}
    assert whoami(live, quiet).headers["X-RateLimit-Remaining"] == "99"


@both_people
def test_limits_are_counted_per_session_and_a_refresh_buys_nothing(person):
    first, second = person.sign_in(), person.sign_in()
    renewed = refresh(first).json()
    left = [
        int(send("GET", "/api/v1/auth/whoami", AUTHORIZATION=f"Bearer {token}")[name])
        for name in ["X-RateLimit-Remaining"]
        for token in (
            first["access_token"],
            renewed["access_token"],
            second["access_token"],
        )
    ]
    most = person.organization.plan.limits.per_minute
    assert left == [most - 1, most - 2, most - 1]
