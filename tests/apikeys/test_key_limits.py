"""A key can be held to less than its organization. It counts from the next request."""

import pytest

from accounts.audit import SYSTEM
from accounts.models import AuditEvent
from apikeys import lifecycle
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
WHOAMI = "/api/v1/auth/whoami"
NONE = {"per_minute": None, "burst": None, "daily": None}

pytestmark = pytest.mark.usefixtures("standing_limits")


@pytest.fixture
def limit(alice):
    """limit(api_key, per_minute=5) -> the limits that the answer shows."""

    def patch(api_key, **limits):
        path = f"{KEYS}/{api_key.public_id}"
        answer = alice.call("PATCH", path, {"limits": limits})
        assert answer.status_code == 200, answer.content
        return answer.json()["limits"]

    return patch


@pytest.fixture
def told(call):
    """told(key) -> status, limit and what is left of it, as the headers say."""

    def ask(key):
        answer = call(key, "GET", WHOAMI)
        names = ("X-RateLimit-Limit", "X-RateLimit-Remaining")
        return answer.status_code, *(int(answer.headers[name]) for name in names)

    return ask


def test_a_key_can_be_made_with_limits_of_its_own(ask, told):
    made = ask(limits={"per_minute": 3, "burst": 2}).json()
    assert made["limits"] == {"per_minute": 3, "burst": 2, "daily": None}
    answers = [told(made["key"]) for _ in range(3)]
    assert answers == [(200, 3, 2), (200, 3, 1), (429, 2, 0)]


def test_what_is_null_or_left_out_is_the_organizations(nadia, ask):
    of_plan = {"per_minute": 100, "burst": 20, "daily": 10_000}
    wishes = [None, {}, NONE, {"burst": None}]
    for limits in wishes:
        made = ask(nadia, scopes=["scan:read"], limits=limits)
        assert made.json()["limits"] == of_plan
    made = ask(nadia, scopes=["scan:read"], limits={"burst": 7})
    assert made.json()["limits"] == {**of_plan, "burst": 7}


def test_lowered_in_mid_run_what_was_counted_before_counts(issue, limit, told):
    api_key, key = issue()
    assert [told(key) for _ in range(4)][-1] == (200, 2000, 1996)
    limit(api_key, per_minute=5)
    assert [told(key) for _ in range(2)] == [(200, 5, 0), (429, 5, 0)]


def test_raised_it_goes_on_at_once(issue, limit, told):
    api_key, key = issue(limits={"per_minute": 2})
    assert [told(key) for _ in range(3)] == [(200, 2, 1), (200, 2, 0), (429, 2, 0)]
    limit(api_key, per_minute=4)
    assert [told(key) for _ in range(3)] == [(200, 4, 1), (200, 4, 0), (429, 4, 0)]
    limit(api_key)
    assert told(key) == (200, 2000, 1995)


def test_a_daily_number_holds_where_the_plan_has_none(issue, limit, told):
    api_key, key = issue()
    told(key)
    assert limit(api_key, daily=2)["daily"] == 2
    assert [told(key) for _ in range(2)] == [(200, 2, 0), (429, 2, 0)]


def test_the_headers_name_the_keys_own_numbers(issue, call):
    key = issue(limits={"per_minute": 30, "burst": 4, "daily": 600})[1]
    headers = call(key, "GET", WHOAMI).headers
    assert headers["RateLimit-Policy"] == (
        '"burst";q=4;w=1, "minute";q=30;w=60, "day";q=600;w=86400'
    )
    assert headers["RateLimit"].startswith('"minute";r=29;t=60, "day";r=599;')


def test_a_limit_of_one_key_is_no_limit_of_another(issue, limit, told):
    one, other = issue(), issue()
    limit(one[0], per_minute=1)
    assert [told(one[1]) for _ in range(2)] == [(200, 1, 0), (429, 1, 0)]
    assert told(other[1]) == (200, 2000, 1999)


@pytest.mark.parametrize(
    ("own", "of_organization", "effective"),
    [
        ({"per_minute": 50}, {"per_minute": 10}, (10, 500, None)),
        ({"per_minute": 50}, {"per_minute": 50}, (50, 500, None)),
        ({"per_minute": 50}, {"per_minute": 9000}, (50, 500, None)),
        ({"burst": 5}, {"burst": 3, "daily": 7}, (2000, 3, 7)),
        ({"daily": 9}, {"daily": 7}, (2000, 500, 7)),
        ({"daily": 6}, {"daily": 7}, (2000, 500, 6)),
        ({}, {"per_minute": 9000, "burst": 2}, (9000, 2, None)),
    ],
)
def test_the_smaller_of_the_two_holds(
    alice, issue, call, told, own, of_organization, effective
):
    """Also when the organization's is lowered after the key's."""
    api_key, key = issue(limits=own)
    for name, number in of_organization.items():
        setattr(alice.organization, name, number)
    alice.organization.save()
    shown = alice.call("GET", f"{KEYS}/{api_key.public_id}").json()["limits"]
    assert tuple(shown.values()) == effective
    [listed] = alice.call("GET", KEYS).json()["data"]
    assert listed["limits"] == shown
    policy = call(key, "GET", WHOAMI).headers["RateLimit-Policy"]
    assert policy.startswith(
        f'"burst";q={effective[1]};w=1, "minute";q={effective[0]};'
    )
    assert told(key)[1] == min(
        number for number in (effective[0], effective[2]) if number
    )


def test_a_smaller_plan_lowers_keys_with_numbers_of_their_own(alice, issue, told):
    key = issue(limits={"per_minute": 900})[1]
    assert told(key) == (200, 900, 899)
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    assert told(key) == (200, 100, 98)


def test_a_change_replaces_all_that_the_key_has_of_its_own(issue, limit, alice):
    api_key = issue(limits={"per_minute": 30, "burst": 4})[0]
    assert limit(api_key, daily=8) == {"per_minute": 2000, "burst": 500, "daily": 8}
    api_key.refresh_from_db()
    assert api_key.own_limits == {"daily": 8}
    path = f"{KEYS}/{api_key.public_id}"
    changed = alice.call("PATCH", path, {"limits": None}).json()
    assert changed["limits"] == {"per_minute": 2000, "burst": 500, "daily": None}
    api_key.refresh_from_db()
    assert api_key.own_limits == {}


def test_what_is_not_named_keeps_its_limits(issue, alice):
    api_key = issue(limits={"burst": 4})[0]
    path = f"{KEYS}/{api_key.public_id}"
    assert alice.call("PATCH", path, {"name": "New"}).json()["limits"]["burst"] == 4


def test_a_change_is_audited_with_before_and_after(issue, limit, alice):
    api_key = issue("scans_read", limits={"burst": 4})[0]
    limit(api_key, burst=5, daily=9)
    limit(api_key, burst=5, daily=9)
    event = AuditEvent.objects.get(action="api_key.changed")
    assert (event.actor, event.target) == (alice.user.public_id, api_key.public_id)
    assert event.details == {
        "before": {"per_minute": None, "burst": 4, "daily": None},
        "after": {"per_minute": None, "burst": 5, "daily": 9},
    }


def test_the_event_of_a_new_key_names_its_limits(ask):
    ask(limits={"burst": 4, "daily": None})
    ask()
    made = AuditEvent.objects.filter(action="api_key.created").order_by("id")
    assert [event.details for event in made] == [
        {"scopes": ["scans_read"], "limits": {"burst": 4}},
        {"scopes": ["scans_read"]},
    ]


def test_strangers_and_colleagues_change_no_limits(issue, alice, bob, carol, refused):
    api_key = issue()[0]
    path, body = f"{KEYS}/{api_key.public_id}", {"limits": {"burst": 1}}
    refused(through(carol, "PATCH", path, body), 404, "not_found")
    refused(through(bob, "PATCH", path, body), 403, "insufficient_scope")
    refused(
        through(issue("scans_read")[1], "PATCH", path, body), 403, "insufficient_scope"
    )
    api_key.refresh_from_db()
    assert api_key.own_limits == {}


def test_a_key_with_limits_costs_one_query(issue, call, django_assert_num_queries):
    key = issue(limits={"burst": 4})[1]
    with django_assert_num_queries(1):
        call(key, "GET", WHOAMI)


def test_a_key_that_is_refused_by_its_limits_is_refused_by_its_end_at_once(issue, call):
    """What was remembered of its limits says nothing about a revoked key."""
    api_key, key = issue("scans_read", limits={"per_minute": 1})
    assert [call(key).status_code for _ in range(3)] == [200, 429, 429]
    lifecycle.revoke(api_key, reason="leaked", by=SYSTEM)
    refused = call(key)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_leaked")
