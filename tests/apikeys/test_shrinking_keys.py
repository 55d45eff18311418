"""POST /api/v1/api-keys/{key_id}/shrink: a key loses the scopes it did not need."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.models import Usage
from tests.apikeys.conftest import KEYS, through
from tests.cast import person

SCANS = "/api/v1/scans"


def shrink(who, api_key):
    return through(who, "POST", f"{KEYS}/{api_key.public_id}/shrink")


def events(api_key):
    rows = AuditEvent.objects.filter(target=api_key.public_id)
    return [(row.action, row.details) for row in rows if "changed" in row.action]


@pytest.fixture
def wide(issue, call):
    """A key with three scopes, one of which it has needed."""
    api_key, key = issue("scans_read", "scans_write", "api_keys_manage")
    assert call(key).status_code == 200
    return api_key, key


def test_what_was_not_needed_is_refused_from_then_on(alice, wide, call, refused):
    api_key, key = wide
    answer = shrink(alice, api_key)
    assert answer.status_code == 200
    assert answer.json()["id"] == api_key.public_id
    assert answer.json()["scopes"] == ["scans_read"]
    assert call(key).status_code == 200
    refused(call(key, "POST", SCANS, {"scope": "full"}), 403, "insufficient_scope")
    refused(call(key, "GET", KEYS), 403, "insufficient_scope")


def test_the_audit_log_has_both(alice, wide):
    api_key = wide[0]
    shrink(alice, api_key)
    [(action, details)] = events(api_key)
    assert action == "api_key.changed"
    assert details["before"] == {
        "scopes": ["scans_read", "scans_write", "api_keys_manage"]
    }
    assert details["after"] == {"scopes": ["scans_read"]}


def test_a_key_that_has_needed_all_stays_as_it_is(alice, issue, call, refused):
    api_key, key = issue("scans_read")
    call(key)
    refused(shrink(alice, api_key), 409, "conflict")
    assert events(api_key) == []


def test_a_key_that_has_needed_nothing_is_to_be_revoked(alice, issue, call, refused):
    api_key, key = issue("scans_read", "billing")
    call(key, "GET", "/api/v1/auth/whoami")
    body = refused(shrink(alice, api_key), 409, "conflict")
    assert "Revoke it" in body["detail"]
    assert ApiKey.objects.get(pk=api_key.pk).scopes == ["scans_read", "billing"]


def test_a_key_without_scopes_has_nothing_to_lose(alice, issue, refused):
    refused(shrink(alice, issue()[0]), 409, "conflict")


def test_a_second_time_there_is_nothing_left_to_take(alice, wide, refused):
    assert shrink(alice, wide[0]).status_code == 200
    refused(shrink(alice, wide[0]), 409, "conflict")


def test_a_revoked_key_is_not_changed(alice, wide, refused):
    ApiKey.objects.filter(pk=wide[0].pk).revoke("other")
    refused(shrink(alice, wide[0]), 409, "conflict")


def test_what_is_counted_and_not_written_counts(alice, wide, call):
    """More readers than may have it written do not hide the last request."""
    api_key, key = wide
    for _ in range(usage.MOST_ASKED):
        call(key)
        usage.recorder.catch_up()
    call(key, "POST", SCANS, {"scope": "full"})
    answer = shrink(alice, api_key)
    assert answer.json()["scopes"] == ["scans_read", "scans_write"]


def test_it_is_not_judged_by_days_on_which_scopes_were_not_counted(
    alice, wide, call, refused
):
    api_key = wide[0]
    usage.recorder.flush()
    yesterday = timezone.now().date() - timedelta(days=1)
    rows = Usage.objects.filter(credential=api_key.public_id)
    rows.update(day=yesterday, details={"statuses": {"200": 1}})
    call(wide[1])
    refused(shrink(alice, api_key), 409, "conflict")
    assert ApiKey.objects.get(pk=api_key.pk).scopes == api_key.scopes


def test_what_a_gate_was_let_through_with_counts_as_well(alice, wide, issue):
    judge = issue("api_keys_manage")[1]
    question = {"credential": wide[1], "scope": "scans_write"}
    verdict = through(judge, "POST", "/api/v1/auth/verify", question)
    assert verdict.json()["allowed"] is True
    assert shrink(alice, wide[0]).json()["scopes"] == ["scans_read", "scans_write"]


# Who may


def test_who_manages_keys_may_without_the_scopes_themselves(wide, issue):
    manager = issue("api_keys_manage")[1]
    answer = shrink(manager, wide[0])
    assert answer.status_code == 200, answer.content
    assert answer.json()["scopes"] == ["scans_read"]


def test_a_member_may_with_a_key_of_their_own(alice, issue, call):
    dora = person("dora@acme.test", alice.organization, Role.MEMBER)
    api_key, key = issue("scans_read", "scans_write", owner=dora)
    call(key)
    assert shrink(dora, api_key).json()["scopes"] == ["scans_read"]


def test_a_key_may_shrink_itself(issue, call):
    api_key, key = issue("api_keys_manage", "scans_read", "billing")
    assert call(key, "GET", KEYS).status_code == 200
    assert shrink(key, api_key).json()["scopes"] == ["api_keys_manage"]


def test_a_colleague_without_the_right_is_refused(bob, wide, refused):
    refused(shrink(bob, wide[0]), 403, "insufficient_scope")
    assert ApiKey.objects.get(pk=wide[0].pk).scopes == wide[0].scopes


def test_a_stranger_finds_no_such_key(carol, wide, refused):
    refused(shrink(carol, wide[0]), 404, "not_found")


def test_a_sandbox_key_shrinks_no_live_key(wide, issue, refused):
    key = issue("api_keys_manage", environment="test")[1]
    refused(shrink(key, wide[0]), 403, "environment_mismatch")
