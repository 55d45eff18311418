"""Scopes are what role and grant say at each call, and whoami says why they differ."""

import pytest

from accounts.roles import Role
from tests.apikeys.conftest import through
from tests.cast import person

WHOAMI = "/api/v1/auth/whoami"
SCANS = "/api/v1/scans"
# What a key may ask for, by a path that needs a scope.
PATHS = [
    *("/api/v1/scans", "/api/v1/workspaces", "/api/v1/users", "/api/v1/api-keys"),
    *("/api/v1/usage", "/api/v1/audit-events"),
]


@pytest.fixture
def owner(alice):
    """A second owner, so that the first may demote them."""
    return person("olga@acme.test", alice.organization, Role.OWNER)


@pytest.fixture
def become(alice):
    """become(owner, "viewer"): as an administrator does it."""

    def change(who, role):
        path = f"/api/v1/users/{who.user.public_id}"
        assert alice.call("PATCH", path, {"role": role}).status_code == 200

    return change


def test_a_demoted_owner_keeps_only_what_the_role_holds(
    ask, owner, become, call, refused
):
    wish = ["scans_read", "scans_write"]
    key = ask(owner, owner="me", scopes=wish).json()["key"]
    scan = {"scope": "full"}
    assert call(key, "POST", SCANS, scan).status_code == 201
    become(owner, "viewer")
    body = refused(call(key, "POST", SCANS, scan), 403, "insufficient_scope")
    assert body["missing"] == ["scans_write"]
    assert "scans_write" in body["detail"]
    told = call(key, "GET", WHOAMI).json()
    assert told["granted_scopes"] == wish
    assert told["scopes"] == ["scans_read"]
    assert told["suspended_scopes"] == [{"scope": "scans_write", "reason": "role"}]
    become(owner, "owner")
    assert call(key, "POST", SCANS, scan).status_code == 201
    assert call(key, "GET", WHOAMI).json()["suspended_scopes"] == []


def test_a_key_mints_only_a_part_of_itself(issue, ask, refused, call):
    maker = issue("api_keys_manage", "scans_read")[1]
    body = refused(ask(maker, scopes=["billing"]), 403, "beyond_own_rights")
    assert body["missing"] == ["billing"]
    refused(ask(maker, scopes=["scans_read", "billing"]), 403, "beyond_own_rights")
    made = ask(maker, scopes=["scans_read"])
    assert made.status_code == 201
    assert call(made.json()["key"], "GET", SCANS).status_code == 200


def test_empty_scopes_mean_nothing(ask, call):
    made = ask(scopes=[])
    assert made.status_code == 201
    key = made.json()["key"]
    for path in PATHS:
        assert call(key, "GET", path).status_code == 403, path
    for path in ("/api/v1/scans", "/api/v1/api-keys", "/api/v1/users"):
        answer = through(key, "POST", path, {"scope": "x", "name": "x", "scopes": []})
        assert answer.status_code in (400, 403), path
        assert path != SCANS or answer.status_code == 403
    assert call(key, "GET", WHOAMI).json()["scopes"] == []
