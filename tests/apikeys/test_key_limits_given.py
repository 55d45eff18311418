"""Which limits may be given to a key, and by whom. Nobody gives more than they have."""

from itertools import product

import pytest

from apikeys.models import ApiKey
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
HUGE = 10**9
WRONG = [0, -1, True, False, "5", "", 5.0, 1.5, [], [5], {}, HUGE, 2**63, 10**18]


@pytest.fixture
def change():
    """change(who, api_key, limits={...}) -> the answer."""

    def patch(who, api_key, **changes):
        return through(who, "PATCH", f"{KEYS}/{api_key.public_id}", changes)

    return patch


@pytest.fixture
def slow(issue):
    """A key that may manage keys, held to 60 in a minute and 1,000 in a day."""
    own = {"per_minute": 60, "daily": 1000}
    return issue("api_keys_manage", "scans_read", limits=own)


def named(answer):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "invalid_request")
    return [fault["field"] for fault in body["errors"]]


# What is no limit


def test_a_number_that_is_no_limit_is_refused_by_its_name(issue, ask, change, alice):
    api_key = issue("scans_read")[0]
    for name, wrong in product(("per_minute", "burst", "daily"), WRONG):
        for answer in (
            ask(limits={name: wrong}),
            change(alice, api_key, limits={name: wrong}),
        ):
            assert named(answer) == [f"limits.{name}"], (name, wrong)
    api_key.refresh_from_db()
    assert (ApiKey.objects.count(), api_key.own_limits) == (1, {})


@pytest.mark.parametrize("wrong", [5, "60/min", True, [], [{"burst": 1}]])
def test_limits_are_an_object(issue, ask, change, alice, wrong):
    for answer in (ask(limits=wrong), change(alice, issue()[0], limits=wrong)):
        assert named(answer)[0].startswith("limits")


def test_an_unknown_member_is_refused_by_its_name(issue, ask, change, alice):
    body = {"burst": 1, "minute": 5, "per_day": 1}
    for answer in (ask(limits=body), change(alice, issue()[0], limits=body)):
        assert sorted(named(answer)) == ["limits.minute", "limits.per_day"]


def test_the_numbers_stand_in_limits_and_nowhere_else(issue, ask, change, alice):
    for answer in (ask(burst=1), change(alice, issue()[0], burst=1)):
        assert named(answer) == ["burst"]


# The organization's are the highest


@pytest.mark.parametrize(
    ("name", "most"), [("per_minute", 100), ("burst", 20), ("daily", 10_000)]
)
def test_above_the_organizations_a_number_is_refused(
    nadia, issue, ask, change, name, most
):
    api_key = issue(owner=nadia)[0]
    for number in (most + 1, 999_999_999):
        for answer in (
            ask(nadia, scopes=["scan:read"], limits={name: number}),
            change(nadia, api_key, limits={name: number}),
        ):
            assert named(answer) == [f"limits.{name}"]
            assert f" {most}." in answer.json()["detail"]
    assert ask(nadia, scopes=[], limits={name: most}).status_code == 201
    assert change(nadia, api_key, limits={name: most}).json()["limits"][name] == most


def test_what_an_operator_set_is_the_highest(alice, issue, ask, change):
    alice.organization.burst, alice.organization.daily = 800, 9
    alice.organization.save()
    api_key = issue()[0]
    assert ask(limits={"burst": 700, "daily": 9}).status_code == 201
    assert change(alice, api_key, limits={"burst": 800}).status_code == 200
    assert named(ask(limits={"burst": 801})) == ["limits.burst"]
    assert named(change(alice, api_key, limits={"daily": 10})) == ["limits.daily"]


def test_a_day_without_quota_has_no_highest_number(ask):
    assert ask(limits={"daily": 999_999_999}).status_code == 201


def test_a_key_above_a_lowered_plan_can_still_be_renamed(alice, issue, change):
    api_key = issue(limits={"burst": 400})[0]
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    assert change(alice, api_key, name="New").json()["limits"]["burst"] == 20


# Nobody gives more than they have


@pytest.mark.parametrize(
    "limits",
    [
        None,
        {},
        {"per_minute": 60},
        {"daily": 1000},
        {"per_minute": 61, "daily": 1000},
        {"per_minute": 60, "daily": 1001},
        {"per_minute": 60, "daily": None},
        {"burst": 1},
    ],
)
def test_a_slow_key_lets_no_other_go_faster(slow, issue, ask, change, refused, limits):
    other = issue("scans_read", limits={"per_minute": 1, "daily": 1})[0]
    wishes = [{"limits": limits}, {}] if limits is None else [{"limits": limits}]
    for wish in wishes:
        refused(ask(slow[1], **wish), 403, "beyond_own_rights")
    for api_key in (other, slow[0]):
        refused(change(slow[1], api_key, limits=limits), 403, "beyond_own_rights")
    other.refresh_from_db()
    assert other.own_limits == {"per_minute": 1, "daily": 1}
    assert ApiKey.objects.count() == 2


def test_the_refusal_says_what_the_key_is_held_to(slow, ask, refused):
    said = refused(ask(slow[1]), 403, "beyond_own_rights")["detail"]
    assert "per_minute 60" in said
    assert "limits.per_minute" in said


def test_a_slow_key_makes_and_changes_keys_as_slow(slow, issue, ask, change):
    own = {"per_minute": 60, "daily": 1000}
    slower = {"per_minute": 1, "burst": 500, "daily": 999}
    for limits in (own, slower):
        assert ask(slow[1], limits=limits).status_code == 201
        other = issue("scans_read")[0]
        assert change(slow[1], other, limits=limits).status_code == 200
        assert change(slow[1], other, name=f"New {other.pk}").status_code == 200
    assert change(slow[1], slow[0], name="New").status_code == 200
    assert change(slow[1], slow[0], limits=slower).status_code == 200


def test_a_slow_key_does_not_touch_a_faster_one(slow, issue, change, refused):
    """As with scopes: what it may not give, it may not prolong or widen either."""
    faster = issue("scans_read")[0]
    wider = ["scans_read", "api_keys_manage"]
    for changes in ({"name": "Mine"}, {"scopes": wider}, {"expires_at": None}):
        refused(change(slow[1], faster, **changes), 403, "beyond_own_rights")


def test_a_slow_key_may_revoke_a_faster_one(slow, issue):
    faster = issue("scans_read")[0]
    answer = through(slow[1], "DELETE", f"{KEYS}/{faster.public_id}")
    assert answer.status_code == 204


def test_its_own_numbers_bind_below_a_smaller_plan_too(alice, slow, ask, refused):
    """Else a key made meanwhile would go faster once the plan is back."""
    alice.organization.per_minute = 10
    alice.organization.save()
    refused(ask(slow[1], limits={"daily": 5}), 403, "beyond_own_rights")
    made = ask(slow[1], limits={"daily": 5, "per_minute": 10})
    assert made.status_code == 201


def test_a_key_without_own_limits_gives_what_the_organization_has(issue, ask, change):
    api_key, key = issue("api_keys_manage", "scans_read")
    other = issue("scans_read", limits={"burst": 1})[0]
    assert ask(key).status_code == 201
    assert change(key, other, limits=None).json()["limits"]["burst"] == 500
    assert change(key, api_key, limits={"burst": 99}).status_code == 200
    # From here on it is a slow key itself.
    assert change(key, api_key, limits=None).status_code == 403


def test_people_give_up_to_the_organizations(alice, bob, issue, ask, change, refused):
    own = issue("scans_read", owner=bob, limits={"burst": 1})[0]
    assert change(bob, own, limits={"burst": 500}).json()["limits"]["burst"] == 500
    assert change(alice, own, limits=None).status_code == 200
    assert named(ask(bob, limits={"burst": 501})) == ["limits.burst"]
