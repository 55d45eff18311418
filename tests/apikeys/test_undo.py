"""A revoked key comes back as it was, for seven days, unless it leaked."""

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Organization
from accounts.products import products
from apikeys.models import ApiKey, ApiKeySecret, KeyPolicy
from tests.accounts.conftest import clock as clock
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
DAY = 86_400


@pytest.fixture
def made(ask):
    return ask(name="undone", expires_at="2040-01-01T00:00:00Z").json()


@pytest.fixture
def revoke(alice):
    def end(key_id, reason="other"):
        answer = alice.call("DELETE", f"{KEYS}/{key_id}?reason={reason}")
        assert answer.status_code == 204

    return end


@pytest.fixture
def restore(alice):
    def ask(key_id, who=None):
        return through(who or alice, "POST", f"{KEYS}/{key_id}/restore")

    return ask


@pytest.mark.parametrize("reason", ["unused", "replaced", "other"])
def test_a_restored_key_is_as_it_was(made, revoke, restore, call, refused, reason):
    revoke(made["id"], reason)
    refused(call(made["key"]), 401, "key_revoked")
    answer = restore(made["id"])
    assert answer.status_code == 200
    body = answer.json()
    assert [each["status"] for each in body.pop("secrets")] == ["current"]
    assert body == {name: value for name, value in made.items() if name != "key"}
    assert call(made["key"]).status_code == 200


def test_without_a_reason_it_is_another_one(alice, made, restore, call):
    alice.call("DELETE", f"{KEYS}/{made['id']}")
    restore(made["id"])
    assert call(made["key"]).status_code == 200


def test_what_leaked_stays_dead(made, revoke, restore, refused, call):
    revoke(made["id"], "leaked")
    body = refused(restore(made["id"]), 409, "conflict")
    assert "leaked" in body["detail"]
    assert call(made["key"]).status_code == 401


def test_what_is_known_to_have_leaked_later_stays_dead(made, revoke, restore, refused):
    revoke(made["id"], "unused")
    revoke(made["id"], "leaked")
    refused(restore(made["id"]), 409, "conflict")
    assert AuditEvent.objects.filter(action="api_key.leaked").count() == 1
    revoke(made["id"], "other")
    refused(restore(made["id"]), 409, "conflict")


def test_a_secret_that_leaked_does_not_come_back_whatever_the_reason(
    made, revoke, restore, refused
):
    revoke(made["id"])
    ApiKeySecret.objects.update(leaked_at=timezone.now())
    refused(restore(made["id"]), 409, "conflict")


def test_a_revocation_can_be_undone_for_seven_days(
    clock, alice, made, revoke, restore, refused, call
):
    revoke(made["id"])
    clock.shift(7 * DAY - 1)
    alice.sign_in()
    assert restore(made["id"]).status_code == 200
    revoke(made["id"])
    clock.shift(7 * DAY)
    alice.sign_in()
    body = refused(restore(made["id"]), 409, "conflict")
    assert "7 days" in body["detail"]
    assert call(made["key"]).status_code == 401


def test_a_key_that_is_alive_cannot_be_restored(made, restore, refused):
    body = refused(restore(made["id"]), 409, "conflict")
    assert "not revoked" in body["detail"]


def test_a_key_that_went_with_its_member_stays_dead(
    alice, bob, ask, restore, refused, call
):
    made = ask(bob, name="his", owner="me").json()
    removed = alice.call("DELETE", f"/api/v1/users/{bob.user.public_id}")
    assert removed.status_code == 204
    body = refused(restore(made["id"]), 409, "conflict")
    assert "ended by this service" in body["detail"]
    assert call(made["key"]).status_code == 401


def test_a_key_revoked_before_its_member_left_does_not_come_back_without_them(
    alice, bob, ask, revoke, restore, refused, call
):
    made = ask(bob, name="his", owner="me").json()
    revoke(made["id"])
    alice.call("DELETE", f"/api/v1/users/{bob.user.public_id}")
    refused(restore(made["id"]), 409, "conflict")
    assert call(made["key"]).status_code == 401


def test_a_restored_key_of_somebody_who_may_not_work_here_is_still_refused(
    alice, bob, ask, revoke, restore, refused, call
):
    made = ask(bob, name="his", owner="me").json()
    revoke(made["id"])
    path = f"/api/v1/users/{bob.user.public_id}"
    alice.call("PATCH", path, {"is_active": False})
    restore(made["id"])
    refused(call(made["key"]), 401, "owner_inactive")


def test_a_restored_key_of_a_suspended_organization_is_still_refused(
    alice, made, revoke, restore, refused, call
):
    revoke(made["id"])
    restore(made["id"])
    Organization.objects.update(is_active=False)
    refused(call(made["key"]), 401, "organization_suspended")


def test_a_restored_key_takes_a_place_of_the_plan_again(
    alice, made, revoke, restore, refused
):
    revoke(made["id"])
    most = products()["netrecon"].plans["enterprise"].most_keys
    rows = [
        ApiKey(
            organization=alice.organization,
            name=f"key {number}",
            environment="live",
            created_by="system",
        )
        for number in range(most)
    ]
    ApiKey.objects.bulk_create(rows)
    refused(restore(made["id"]), 403, "plan_limit")
    rows[0].delete()
    assert restore(made["id"]).status_code == 200


def test_a_name_that_was_given_away_is_not_taken_back(
    ask, made, revoke, restore, refused
):
    revoke(made["id"])
    other = ask(name=made["name"]).json()
    body = refused(restore(made["id"]), 409, "conflict")
    assert other["id"] in body["detail"]


def test_a_policy_that_came_meanwhile_is_obeyed(alice, ask, revoke, restore, refused):
    made = ask(name="forever").json()
    revoke(made["id"])
    KeyPolicy.objects.create(organization=alice.organization, must_expire=True)
    refused(restore(made["id"]), 403, "policy_refused")


def test_an_expired_key_comes_back_expired(
    clock, alice, ask, revoke, restore, refused, call
):
    clock.move_to(1_900_000_000)
    alice.sign_in()
    made = ask(name="brief", expires_at="2030-03-17T17:47:40Z").json()
    revoke(made["id"])
    clock.shift(60)
    assert restore(made["id"]).json()["status"] == "expired"
    refused(call(made["key"]), 401, "key_expired")


def test_both_secrets_of_a_rotation_come_back(alice, made, revoke, restore, call):
    path = f"{KEYS}/{made['id']}/rotate"
    new = alice.call("POST", path, {"grace_seconds": 60}).json()["key"]
    revoke(made["id"])
    restore(made["id"])
    assert [call(key).status_code for key in (made["key"], new)] == [200, 200]


def test_revocation_and_return_are_in_the_audit_log(alice, made, revoke, restore):
    revoke(made["id"], "unused")
    restore(made["id"])
    events = AuditEvent.objects.filter(target=made["id"]).order_by("pk")
    assert [(event.action, event.details.get("reason")) for event in events][1:] == [
        ("api_key.revoked", "unused"),
        ("api_key.restored", "unused"),
    ]
    assert events[2].actor == alice.user.public_id
