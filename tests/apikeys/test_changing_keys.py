"""A key is renamed, re-scoped and re-dated, never beyond what the changer holds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from apikeys.models import ApiKey
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
LATER = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def change():
    """change(who, api_key, name="Night build") -> the answer."""

    def patch(who, api_key, **changes):
        return through(who, "PATCH", f"{KEYS}/{api_key.public_id}", changes)

    return patch


@pytest.fixture
def manager(issue):
    """A key that may manage keys and read scans."""
    return issue("api_keys_manage", "scans_read", name="Manager")[1]


def test_name_scopes_and_expiry_can_change(issue, change, alice, call):
    api_key, key = issue("scans_read")
    end = "2041-05-06T07:08:09.000Z"
    changed = change(alice, api_key, name="New", scopes=["scans_write"], expires_at=end)
    assert changed.status_code == 200
    body = changed.json()
    assert (body["name"], body["scopes"], body["expires_at"]) == (
        "New",
        ["scans_write"],
        end,
    )
    detail = through(alice, "GET", f"{KEYS}/{api_key.public_id}").json()
    del detail["secrets"]
    assert body == detail
    assert call(key).json()["missing"] == ["scans_read"]


def test_what_is_not_named_stays(issue, change, alice):
    api_key = issue("scans_read", expires_at=LATER)[0]
    changed = change(alice, api_key, name="New").json()
    assert changed["scopes"] == ["scans_read"]
    assert changed["expires_at"] is not None


def test_an_expiry_can_be_taken_away_by_a_person(issue, change, alice):
    api_key = issue("scans_read", expires_at=LATER)[0]
    assert change(alice, api_key, expires_at=None).json()["expires_at"] is None


def test_scopes_can_be_emptied(issue, change, alice, call):
    api_key, key = issue("scans_read")
    assert change(alice, api_key, scopes=[]).json()["scopes"] == []
    assert call(key).status_code == 403


def test_a_key_widens_no_key_beyond_itself(issue, change, manager, refused):
    api_key = issue("scans_read")[0]
    body = refused(
        change(manager, api_key, scopes=["scans_read", "billing"]),
        403,
        "beyond_own_rights",
    )
    assert body["missing"] == ["billing"]
    api_key.refresh_from_db()
    assert api_key.scopes == ["scans_read"]


def test_a_key_does_not_widen_itself(issue, change, refused):
    api_key, key = issue("api_keys_manage", "scans_read")
    wider = change(key, api_key, scopes=["api_keys_manage", "scans_read", "billing"])
    refused(wider, 403, "beyond_own_rights")
    assert change(key, api_key, scopes=["api_keys_manage"]).status_code == 200


def test_a_key_does_not_touch_a_wider_key(issue, change, manager, refused):
    """Its name says what people may trust it with."""
    wider = issue("scans_read", "billing")[0]
    refused(change(manager, wider, name="Mine"), 403, "beyond_own_rights")
    refused(change(manager, wider, expires_at=None), 403, "beyond_own_rights")
    assert change(manager, wider, scopes=["scans_read"]).status_code == 200


def test_a_key_with_an_expiry_prolongs_nothing_past_it(issue, change, refused):
    own, key = issue("api_keys_manage", "scans_read", expires_at=LATER)
    other = issue("scans_read", expires_at=LATER - timedelta(days=1))[0]
    later = (LATER + timedelta(seconds=1)).isoformat()
    for api_key in (own, other):
        for end in (None, later):
            refused(change(key, api_key, expires_at=end), 403, "beyond_own_rights")
        assert change(key, api_key, expires_at=LATER.isoformat()).status_code == 200


def test_a_key_with_an_expiry_adds_no_scope_to_what_outlives_it(issue, change, refused):
    """Else what it handed on would stay when it is gone."""
    key = issue("api_keys_manage", "scans_read", "devices_read", expires_at=LATER)[1]
    endless = issue("scans_read")[0]
    wider = {"scopes": ["scans_read", "devices_read"]}
    refused(change(key, endless, **wider), 403, "beyond_own_rights")
    bounded = {**wider, "expires_at": LATER.isoformat()}
    assert change(key, endless, **bounded).status_code == 200
    assert change(key, endless, scopes=["scans_read"]).status_code == 200


def test_a_key_with_an_expiry_shortens_what_never_ends(issue, change):
    key = issue("api_keys_manage", "scans_read", expires_at=LATER)[1]
    endless = issue("scans_read")[0]
    assert change(key, endless, name="Same").status_code == 200
    assert change(key, endless, expires_at=LATER.isoformat()).status_code == 200


def test_a_revoked_key_cannot_be_changed(issue, change, alice, refused):
    api_key = issue("scans_read")[0]
    ApiKey.objects.filter(pk=api_key.pk).revoke("other")
    for changes in ({"name": "New"}, {"scopes": []}, {"expires_at": None}, {}):
        refused(change(alice, api_key, **changes), 409, "conflict")


def test_a_disabled_or_expired_key_can_be_changed(issue, change, alice, call):
    disabled, expired = issue("scans_read")[0], issue("scans_read")
    ApiKey.objects.filter(pk=disabled.pk).update(disabled_at=timezone.now())
    ApiKey.objects.filter(pk=expired[0].pk).update(expires_at=timezone.now())
    assert change(alice, disabled, name="New").json()["status"] == "disabled"
    assert change(alice, expired[0], expires_at=None).json()["status"] == "active"
    assert call(expired[1]).status_code == 200


@pytest.mark.parametrize(
    "fixed",
    [
        *("id", "key", "hint", "environment", "owner", "status", "created_at"),
        *("last_used_at", "organization", "membership", "revoked_at", "plan", "burst"),
    ],
)
def test_nothing_else_can_change(issue, change, manager, fixed):
    api_key = issue("scans_read")[0]
    refused = change(manager, api_key, name="New", **{fixed: "test"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == fixed
    api_key.refresh_from_db()
    assert (api_key.name, api_key.environment) == ("CI", "live")


def test_a_change_follows_the_rules_of_a_wish(issue, change, manager):
    api_key = issue("scans_read")[0]
    for changes in (
        {"name": ""},
        {"name": None},
        {"scopes": ["nonsense"]},
        {"scopes": ["scans_read", "scans_read"]},
        {"scopes": None},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "soon"},
    ):
        refused = change(manager, api_key, **changes)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"] == next(iter(changes))


def test_a_change_is_audited_with_before_and_after(issue, change, alice):
    api_key = issue("scans_read")[0]
    change(alice, api_key, name="New", scopes=["devices_read"])
    event = AuditEvent.objects.get(action="api_key.changed")
    assert event.actor == alice.user.public_id
    assert event.target == api_key.public_id
    assert event.details == {
        "before": {"name": "CI", "scopes": ["scans_read"]},
        "after": {"name": "New", "scopes": ["devices_read"]},
    }


def test_a_change_of_nothing_leaves_no_event(issue, change, alice):
    api_key = issue("scans_read")[0]
    assert change(alice, api_key).status_code == 200
    assert change(alice, api_key, name="CI").status_code == 200
    assert not AuditEvent.objects.filter(action="api_key.changed").exists()
