"""A disabled key rests: refused at once, and let in again as it was."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import AuditEvent
from accounts.roles import Role
from apikeys.models import ApiKey
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def put():
    """put(who, api_key, "disable") -> the answer."""

    def post(who, api_key, state):
        return through(who, "POST", f"{KEYS}/{api_key.public_id}/{state}")

    return post


def actions(api_key):
    events = AuditEvent.objects.filter(target=api_key.public_id).order_by("pk")
    return [event.action for event in events]


def test_a_disabled_key_is_refused_until_it_is_enabled(issue, call, alice, put):
    api_key, key = issue("scans_read")
    disabled = put(alice, api_key, "disable")
    assert (disabled.status_code, disabled.json()["status"]) == (200, "disabled")
    refused = call(key)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_disabled")
    enabled = put(alice, api_key, "enable")
    assert (enabled.status_code, enabled.json()["status"]) == (200, "active")
    assert call(key).status_code == 200


def test_both_are_audited_once(issue, alice, put):
    api_key = issue("scans_read")[0]
    for state in ("disable", "disable", "enable", "enable"):
        assert put(alice, api_key, state).status_code == 200
    assert actions(api_key) == [
        "api_key.created",
        "api_key.disabled",
        "api_key.enabled",
    ]


def test_a_second_rest_keeps_the_first_moment(issue, alice, put):
    api_key = issue("scans_read")[0]
    put(alice, api_key, "disable")
    first = ApiKey.objects.get().disabled_at
    put(alice, api_key, "disable")
    assert ApiKey.objects.get().disabled_at == first


def test_a_revoked_key_is_neither_disabled_nor_enabled(issue, alice, put, refused):
    api_key = issue("scans_read")[0]
    ApiKey.objects.filter(pk=api_key.pk).revoke("other")
    for state in ("disable", "enable"):
        refused(put(alice, api_key, state), 409, "conflict")


def test_a_member_does_so_with_their_own_only(issue, bob, put, refused):
    own, other = issue("scans_read", owner=bob)[0], issue("scans_read")[0]
    for state in ("disable", "enable"):
        assert put(bob, own, state).status_code == 200
        refused(put(bob, other, state), 403, "insufficient_scope")


def test_a_stranger_finds_no_key(issue, carol, put):
    api_key = issue("scans_read")[0]
    for state in ("disable", "enable"):
        assert put(carol, api_key, state).status_code == 404
    assert actions(api_key) == ["api_key.created"]


def test_less_is_always_allowed_and_more_is_not(issue, put, refused, call):
    manager = issue("api_keys_manage", "scans_read")[1]
    wider, key = issue("scans_read", "billing")
    assert put(manager, wider, "disable").status_code == 200
    refused(put(manager, wider, "enable"), 403, "beyond_own_rights")
    assert call(key).json()["code"] == "key_disabled"


def test_a_key_with_an_expiry_enables_nothing_that_outlives_it(issue, put, refused):
    later = datetime.now(UTC) + timedelta(days=30)
    manager = issue("api_keys_manage", "scans_read", expires_at=later)[1]
    endless = issue("scans_read")[0]
    assert put(manager, endless, "disable").status_code == 200
    refused(put(manager, endless, "enable"), 403, "beyond_own_rights")


def test_who_lost_the_scopes_cannot_enable_their_key(issue, bob, put, refused):
    api_key = issue("scans_write", owner=bob)[0]
    put(bob, api_key, "disable")
    bob.membership.role = Role.VIEWER
    bob.membership.save()
    refused(put(bob, api_key, "enable"), 403, "beyond_own_rights")


def test_a_disabled_key_gives_its_place_and_takes_one_again(
    issue, alice, ask, put, most, refused
):
    api_key = issue("scans_read")[0]
    most(1)
    put(alice, api_key, "disable")
    assert ask().status_code == 201
    refused(put(alice, api_key, "enable"), 403, "plan_limit")
    assert ApiKey.objects.get(pk=api_key.pk).status == "disabled"


def test_an_expired_key_takes_no_place(issue, alice, ask, put, most):
    api_key = issue("scans_read", expires_at=NOON)[0]
    most(1)
    put(alice, api_key, "disable")
    assert ask().status_code == 201
    with time_machine.travel(NOON, tick=False):
        alice.sign_in()
        assert put(alice, api_key, "enable").json()["status"] == "expired"


@pytest.mark.slow
def test_the_last_place_goes_to_one_of_those_who_make_and_enable(
    crowd, most, issue, ask, alice, put
):
    resting = [issue("scans_read")[0] for _ in range(8)]
    alice.sign_in()
    for api_key in resting:
        put(alice, api_key, "disable")
    most(1)
    waiting = list(resting)

    def attempt():
        if waiting:
            return put(alice, waiting.pop(), "enable").status_code
        return ask().status_code

    answers = crowd(attempt, times=16)
    assert len([status for status in answers if status in (200, 201)]) == 1
    assert answers.count(403) == 15
    assert ApiKey.objects.live().count() == 1
