"""A key that is proven and dead says why: dead is dead at once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from apikeys.models import ApiKey, ApiKeySecret
from tests.cast import send

NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def dies(call):
    """dies(key, code): it worked until now; it is refused with this code, both ways."""

    def check(key, code):
        as_bearer = send("GET", "/api/v1/scans", AUTHORIZATION=f"Bearer {key}")
        for refused in (call(key), as_bearer):
            assert refused.status_code == 401
            assert refused.json()["code"] == code
            challenge = 'Bearer realm="doorward", error="invalid_token", '
            assert refused.headers["WWW-Authenticate"].startswith(challenge)
        return refused.json()

    return check


@pytest.fixture
def personal(issue, bob, call):
    """A personal key of bob's that works."""
    key = issue("scans_read", owner=bob)[1]
    assert call(key).status_code == 200
    return key


def test_a_revoked_key(issue, call, dies):
    api_key, key = issue("scans_read")
    assert call(key).status_code == 200
    ApiKey.objects.filter(pk=api_key.pk).revoke("replaced")
    dies(key, "key_revoked")


def test_a_key_revoked_because_it_leaked(issue, dies):
    api_key, key = issue("scans_read")
    ApiKey.objects.filter(pk=api_key.pk).revoke("leaked")
    dies(key, "key_leaked")


def test_a_disabled_key_until_it_is_enabled(issue, call, dies):
    api_key, key = issue("scans_read")
    rows = ApiKey.objects.filter(pk=api_key.pk)
    rows.update(disabled_at=timezone.now())
    dies(key, "key_disabled")
    rows.update(disabled_at=None)
    assert call(key).status_code == 200


def test_a_key_expires_in_the_second_that_it_names(issue, call, dies):
    key = issue("scans_read", expires_at=NOON)[1]
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        assert call(key).status_code == 200
    with time_machine.travel(NOON, tick=False):
        assert dies(key, "key_expired")["detail"] == (
            "It expired at 2040-01-02T12:00:00Z."
        )


def test_an_expiry_is_one_moment_in_every_time_zone(issue, call, dies):
    moment = datetime.fromisoformat("2040-01-02T14:00:00+02:00")
    key = issue("scans_read", expires_at=moment)[1]
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        assert call(key).status_code == 200
    with time_machine.travel(NOON, tick=False):
        dies(key, "key_expired")


def test_a_secret_that_was_retired_by_a_rotation(issue, call, dies):
    api_key, key = issue("scans_read", expires_at=NOON + timedelta(days=1))
    ApiKeySecret.objects.filter(api_key=api_key).update(retires_at=NOON)
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        assert call(key).status_code == 200
    with time_machine.travel(NOON, tick=False):
        dies(key, "key_revoked")


def test_a_personal_key_of_a_deactivated_person(personal, bob, dies):
    bob.user.is_active = False
    bob.user.save()
    dies(personal, "owner_inactive")


def test_a_personal_key_of_a_deactivated_membership(personal, bob, dies):
    bob.membership.is_active = False
    bob.membership.save()
    dies(personal, "owner_inactive")


def test_a_personal_key_of_a_removed_membership(personal, bob, dies):
    bob.membership.removed_at = timezone.now()
    bob.membership.save()
    dies(personal, "owner_inactive")


def test_a_personal_key_of_a_membership_that_was_never_joined(personal, bob, dies):
    bob.membership.joined_at = None
    bob.membership.save()
    dies(personal, "owner_inactive")


def test_every_key_of_a_suspended_organization(issue, personal, alice, call, dies):
    key = issue("scans_read")[1]
    organization = alice.organization
    organization.is_active = False
    organization.save()
    for dead in (key, personal):
        dies(dead, "organization_suspended")
    organization.is_active = True
    organization.save()
    assert call(key).status_code == call(personal).status_code == 200


def test_a_key_of_the_organization_lives_on_when_its_maker_is_gone(
    alice, bob, call, issue
):
    maker = bob.membership
    maker.role = "admin"
    maker.save()
    wish = {"name": "CI", "scopes": ["scans_read"]}
    key = bob.call("POST", "/api/v1/api-keys", wish).json()["key"]
    bob.user.is_active = False
    bob.user.save()
    assert call(key).status_code == 200


def test_a_personal_key_lives_on_after_a_change_of_password(personal, bob, call):
    wish = {"current_password": bob.password, "new_password": "seven blue lanterns"}
    assert bob.call("POST", "/api/v1/auth/password", wish).status_code == 204
    assert call(personal).status_code == 200


def test_of_several_reasons_the_one_that_lasts_longest_is_told(issue, dies, alice):
    api_key, key = issue("scans_read", expires_at=timezone.now())
    ApiKey.objects.filter(pk=api_key.pk).update(disabled_at=timezone.now())
    dies(key, "key_expired")
    ApiKey.objects.filter(pk=api_key.pk).revoke("other")
    dies(key, "key_revoked")


def test_a_dead_key_is_refused_on_every_method_and_address(issue, call):
    api_key, key = issue("scans_read", "scans_write")
    ApiKey.objects.filter(pk=api_key.pk).revoke("other")
    for method, path in [
        ("POST", "/api/v1/scans"),
        ("GET", "/api/v1/workspaces"),
        ("GET", "/api/v1/auth/whoami"),
        ("DELETE", f"/api/v1/api-keys/{api_key.public_id}"),
        ("POST", "/api/v1/auth/invitations/accept"),
        ("OPTIONS", "/api/v1/scans"),
        ("HEAD", "/api/v1/scans"),
    ]:
        assert call(key, method, path).status_code == 401, (method, path)
