"""A plan holds so many keys per organization that would be let in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apikeys.models import ApiKey
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def maker(alice, issue):
    """One key of the organization, which makes the others."""
    return issue(*alice.organization.product.scopes)[1]


def test_the_last_place_is_given_and_the_next_wish_refused(most, maker, ask, refused):
    most(3)
    assert [ask(maker).status_code for _ in range(2)] == [201, 201]
    body = refused(ask(maker), 403, "plan_limit")
    assert body["detail"] == "Your plan allows 3 active keys. Revoke one first."
    assert ApiKey.objects.count() == 3


def test_keys_of_both_environments_and_of_members_count(most, maker, issue, ask, bob):
    most(3)
    issue("scans_read", environment="test")
    assert ask(bob).status_code == 201
    for who in (maker, bob):
        assert ask(who).json()["code"] == "plan_limit"


def test_keys_of_another_organization_do_not_count(most, maker, issue, ask, carol):
    most(2)
    for _ in range(2):
        issue("scans_read", owner=carol)
    assert ask(maker).status_code == 201


def test_a_revoked_key_makes_room(most, maker, issue, ask):
    most(2)
    other = issue("scans_read")[0]
    assert ask(maker).json()["code"] == "plan_limit"
    assert through(maker, "DELETE", f"{KEYS}/{other.public_id}").status_code == 204
    assert ask(maker).status_code == 201


def test_an_expired_key_makes_room(most, maker, issue, ask):
    most(2)
    issue("scans_read", expires_at=NOON)
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        assert ask(maker).json()["code"] == "plan_limit"
    with time_machine.travel(NOON, tick=False):
        assert ask(maker).status_code == 201


def test_an_expired_key_is_not_prolonged_past_the_plan(most, maker, issue, ask):
    most(2)
    path = f"{KEYS}/{issue('scans_read', expires_at=NOON)[0].public_id}"
    with time_machine.travel(NOON, tick=False):
        assert ask(maker).status_code == 201
        refused = through(maker, "PATCH", path, {"expires_at": None})
        assert refused.json()["code"] == "plan_limit"
        assert through(maker, "GET", path).json()["status"] == "expired"
        assert through(maker, "PATCH", path, {"name": "Old"}).status_code == 200


def test_a_live_key_is_changed_although_the_plan_is_full(most, maker, issue):
    most(2)
    path = f"{KEYS}/{issue('scans_read', expires_at=NOON)[0].public_id}"
    most(1)
    assert through(maker, "PATCH", path, {"expires_at": None}).status_code == 200


def test_a_smaller_plan_kills_no_key(most, maker, issue, call):
    others = [issue("scans_read")[1] for _ in range(2)]
    most(1)
    assert [call(key).status_code for key in (maker, *others)] == [200, 200, 200]


@pytest.mark.parametrize(("plan", "number"), [("starter", 50), ("professional", 500)])
def test_the_plans_of_both_products_hold_as_many(alice, nadia, plan, number):
    for organization in (alice.organization, nadia.organization):
        assert organization.product.plans[plan].most_keys == number
        assert organization.product.plans["enterprise"].most_keys == 5000


@pytest.mark.slow
def test_of_many_who_want_the_last_place_one_gets_it(crowd, most, maker, ask):
    for places in range(2, 12):
        most(places)
        answers = crowd(lambda: ask(maker).status_code, times=16)
        assert sorted(answers) == [201] + [403] * 15
        assert ApiKey.objects.live().count() == places
