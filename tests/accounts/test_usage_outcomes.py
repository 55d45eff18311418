"""Each request of a proven credential counts under how it ended, a dead one's too."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import signing
from accounts.models import Organization, Session
from apikeys.models import ApiKey, ApiKeySecret
from config.settings import ANONYMOUS_LIMITS
from ratelimits import ledger, usage
from ratelimits.counted import OUTCOMES
from ratelimits.models import Usage
from tests.accounts.forging import show
from tests.cast import founder, send

SCANS = "/api/v1/scans"
NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def counted():
    """counted(id) -> the outcomes that were counted for it, those above 0."""

    def of(credential):
        usage.recorder.flush()
        found = Usage.objects.filter(credential=credential)
        row = found.values("charged", "requests", *OUTCOMES).first() or {}
        return {name: number for name, number in row.items() if number}

    return of


@pytest.fixture
def rows():
    """rows() -> how many rows there are."""

    def count():
        usage.recorder.flush()
        return Usage.objects.count()

    return count


def details(credential):
    usage.recorder.flush()
    return Usage.objects.get(credential=credential).details


def test_what_was_let_in_is_allowed_whatever_the_view_said(issue, call, counted):
    api_key, key = issue("scans_read", "scans_write")
    for method, path in [
        ("GET", SCANS),
        ("GET", f"{SCANS}/scan_nothing"),
        ("PUT", SCANS),
        ("GET", "/api/v1/nowhere"),
        ("POST", SCANS),
    ]:
        call(key, method, path, {})
    told = {"requests": 5, "charged": 5, "allowed": 5}
    assert counted(api_key.public_id) == told
    assert counted(api_key.organization.public_id) == told


def test_a_missing_scope_is_charged_and_told_apart(issue, call, counted):
    api_key, key = issue()
    call(key)
    assert counted(api_key.public_id) == {
        "requests": 1,
        "charged": 1,
        "insufficient_scope": 1,
    }


def test_any_other_refusal_is_refused(issue, call, counted):
    api_key, key = issue("scans_read")
    call(key, "GET", "/api/v1/auth/sessions")
    assert counted(api_key.public_id) == {"requests": 1, "charged": 1, "refused": 1}


def test_the_wrong_environment_is_told_apart(issue, call, counted):
    api_key, key = issue("users_manage", environment="test")
    call(key, "GET", "/api/v1/users")
    told = {"requests": 1, "charged": 1, "environment_mismatch": 1}
    assert counted(api_key.public_id) == told


def test_what_the_limiter_refused_is_limited_and_not_charged(
    signing_keys, standing_limits, settings, counted
):
    # The clock of this process, which a test can move, and with it the day.
    settings.LIMITER = "local"
    stan = founder("stan@small.test", "Small", product="netrecon", plan="starter")
    with time_machine.travel(NOON, tick=False):
        for _ in range(25):
            stan.call("GET", SCANS)
    [session] = Session.objects.all()
    told = {"requests": 25, "charged": 20, "allowed": 20, "limited": 5}
    assert counted(session.public_id) == told
    assert Usage.objects.get(kind="session").day == NOON.date()
    assert details(session.public_id)["statuses"] == {"200": 20, "429": 5}


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"revoked_at": NOON}, "revoked"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expired"),
        ({"disabled_at": NOON}, "disabled"),
    ],
)
def test_a_dead_key_is_counted_and_charges_the_address(
    issue, call, counted, change, outcome
):
    api_key, key = issue("scans_read")
    ApiKey.objects.filter(pk=api_key.pk).update(**change)
    for path in (SCANS, "/api/v1/nowhere"):
        answer = call(key, "GET", path)
        limit = answer.headers["X-RateLimit-Limit"]
        assert limit == str(ANONYMOUS_LIMITS.per_minute)
    assert counted(api_key.public_id) == {"requests": 2, outcome: 2}
    assert ledger.charged_today() == {}


def test_a_retired_secret_is_counted_for_its_key(issue, call, counted):
    api_key, key = issue("scans_read")
    ApiKeySecret.objects.update(retires_at=NOON - timedelta(days=9000))
    call(key)
    assert counted(api_key.public_id) == {"requests": 1, "revoked": 1}


def test_the_key_of_somebody_inactive_or_of_a_suspended_tenant_is_refused(
    issue, call, counted, bob
):
    api_key, key = issue("scans_read", owner=bob)
    bob.membership.is_active = False
    bob.membership.save()
    call(key)
    Organization.objects.update(is_active=False)
    call(key)
    assert counted(api_key.public_id) == {"requests": 2, "refused": 2}


def test_an_ended_session_and_an_expired_token_are_counted(alice, counted):
    alice.sign_in()
    [session] = Session.objects.all()
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert alice.call("GET", SCANS).json()["code"] == "token_expired"
        assert counted(session.public_id) == {"requests": 1, "expired": 1}
    Session.objects.all().end("other")
    assert alice.call("GET", SCANS).json()["code"] == "session_ended"
    assert counted(session.public_id) == {"requests": 2, "expired": 1, "refused": 1}


def test_counting_a_token_that_has_expired_costs_no_query(
    alice, django_assert_num_queries
):
    token = alice.sign_in()["access_token"]
    send("GET", SCANS, AUTHORIZATION=f"Bearer {token}")
    later = timezone.now() + timedelta(hours=2)
    with time_machine.travel(later, tick=False), django_assert_num_queries(0):
        send("GET", SCANS, AUTHORIZATION=f"Bearer {token}")


def test_who_proves_no_secret_makes_no_row(issue, alice, rows):
    api_key, key = issue("scans_read")
    token = alice.sign_in()["access_token"]
    head, claims, signature = token.split(".")
    for headers in (
        {},
        {"X_API_KEY": key[:-8] + "00000000"},
        {"X_API_KEY": api_key.public_id},
        {"X_API_KEY": "nr_live_" + "0" * 48},
        {"AUTHORIZATION": f"Bearer {head}.{claims}.{signature[::-1]}"},
        {"AUTHORIZATION": f"Bearer {head}.{claims}."},
        {"X_API_KEY": key, "AUTHORIZATION": f"Bearer {token}"},
    ):
        send("GET", SCANS, **headers)
    assert rows() == 0


def test_a_forged_token_that_says_it_has_expired_makes_no_row(alice, own_key, rows):
    alice.sign_in()
    [session] = Session.objects.all()
    claims = {
        "sid": session.public_id,
        "org": alice.organization.public_id,
        "exp": 1,
    }
    assert show(forge(alice, own_key, claims)).status_code == 401
    assert rows() == 0


def forge(person, key, claims):
    """Right in everything but the signature."""
    genuine = jwt.decode(
        person.tokens["access_token"], options={"verify_signature": False}
    )
    kid = signing.active_key()[0]
    headers = {"kid": kid, "typ": "at+jwt"}
    return jwt.encode({**genuine, **claims}, key, algorithm="RS256", headers=headers)


def test_public_addresses_and_pages_count_for_no_credential(issue, rows):
    key = issue("scans_read")[1]
    for path in ("/.well-known/jwks.json", "/healthz", "/"):
        send("GET", path, X_API_KEY=key)
    send("POST", "/api/v1/auth/login", {}, X_API_KEY=key)
    assert rows() == 0


# The names


def test_an_endpoint_is_its_method_and_route(issue, call):
    api_key, key = issue("scans_read")
    for path in (f"{SCANS}/scan_1", f"{SCANS}/scan_2", SCANS, "/api/v1/nowhere"):
        call(key, "GET", path)
    call(key, "PROPFIND", SCANS)
    found = details(api_key.public_id)
    assert found["endpoints"] == {
        "GET /api/v1/scans/{scan_id}": 2,
        "GET /api/v1/scans": 1,
        "OTHER /api/v1/scans": 1,
    }
    assert found["addresses"] == {"127.0.0.1": 5}
    assert found["statuses"] == {"200": 1, "404": 3, "405": 1}


def test_a_secret_in_the_name_of_a_program_is_not_kept(issue):
    api_key, key = issue("scans_read")
    for agent in (f"bot {key}", "x" * 90 + key, "curl/8\x1b[2J"):
        send("GET", SCANS, X_API_KEY=key, USER_AGENT=agent)
    told = details(api_key.public_id)["agents"]
    assert len(told) == 3
    assert {"bot [redacted]", "curl/8?[2J"} < set(told)
    assert key[8:20] not in str(told)


def test_a_preflight_and_a_browser_page_count_for_nobody(db, rows):
    Client().options(
        SCANS,
        headers={"Origin": "https://a.test", "Access-Control-Request-Method": "GET"},
    )
    Client().get("/oauth/authorize")
    assert rows() == 0
