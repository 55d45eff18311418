"""Roles and activity change at once, for every credential behind a membership."""

import pytest

from accounts.models import AuditEvent
from accounts.roles import ROLES, Role
from tests.cast import person, send

USERS = "/api/v1/users"
SCANS = "/api/v1/scans"


@pytest.fixture
def admin(alice):
    return person("adam@acme.test", alice.organization, Role.ADMIN)


@pytest.fixture
def patch(alice):
    """patch(bob, role="viewer") -> the answer to alice, or to `by`."""

    def change(who, by=None, **changes):
        return (by or alice).call("PATCH", f"{USERS}/{who.user.public_id}", changes)

    return change


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_members_are_listed_newest_first(alice, bob):
    listed = alice.call("GET", USERS).json()
    assert listed["next_cursor"] is None
    assert len(listed["data"]) == 2
    assert listed["data"][0] == {
        "id": bob.user.public_id,
        "email": "bob@acme.test",
        "name": "Bob",
        "role": "member",
        "status": "active",
    }
    assert [row["email"] for row in listed["data"]] == [
        "bob@acme.test",
        "alice@acme.test",
    ]


def test_only_who_manages_members_sees_them(bob, admin):
    assert code(bob.call("GET", USERS)) == (403, "insufficient_scope")
    assert admin.call("GET", USERS).status_code == 200


def test_a_role_changes_and_the_answer_says_so(patch, bob):
    changed = patch(bob, role="viewer")
    assert changed.status_code == 200
    assert changed.json()["role"] == "viewer"
    assert changed.json()["id"] == bob.user.public_id


def test_a_lower_role_holds_at_once_for_session_and_key(patch, bob, issue, call):
    key = issue("scans_write", owner=bob)[1]
    body = {"scope": "full"}
    assert bob.call("POST", SCANS, body).status_code == 201
    assert call(key, "POST", SCANS, body).status_code == 201
    patch(bob, role="viewer")
    for refused in (bob.call("POST", SCANS, body), call(key, "POST", SCANS, body)):
        assert code(refused) == (403, "insufficient_scope")


def test_a_higher_role_holds_at_once_too(patch, bob):
    assert bob.call("GET", USERS).status_code == 403
    patch(bob, role="admin")
    assert bob.call("GET", USERS).status_code == 200


def test_a_deactivated_member_is_out_at_once(patch, bob, issue, call):
    key = issue("scans_read", owner=bob)[1]
    refresh = {"refresh_token": bob.sign_in()["refresh_token"]}
    assert patch(bob, is_active=False).json()["status"] == "inactive"
    assert code(bob.call("GET", SCANS)) == (401, "session_ended")
    assert code(call(key)) == (401, "owner_inactive")
    assert send("POST", "/api/v1/auth/refresh", refresh).status_code == 401
    assert code(bob.log_in()) == (403, "no_membership")


def test_who_is_active_again_signs_in_anew(patch, bob, issue, call):
    """Keys come back, which nobody revoked; ended sign-ins stay ended."""
    key = issue("scans_read", owner=bob)[1]
    before = bob.sign_in()["access_token"]
    patch(bob, is_active=False)
    assert patch(bob, is_active=True).json()["status"] == "active"
    dead = send("GET", SCANS, AUTHORIZATION=f"Bearer {before}")
    assert code(dead) == (401, "session_ended")
    assert call(key).status_code == 200
    assert bob.log_in().status_code == 200


def test_a_deactivation_here_leaves_other_organizations_alone(patch, bob, carol):
    elsewhere = carol.organization.memberships.create(
        user=bob.user, role="member", joined_at=bob.membership.joined_at
    )
    patch(bob, is_active=False)
    signed_in = bob.log_in()
    assert signed_in.status_code == 200
    bob.tokens = signed_in.json()
    told = bob.call("GET", "/api/v1/auth/whoami").json()
    assert told["organization"] == elsewhere.organization.public_id


@pytest.mark.parametrize("role", ROLES)
def test_an_admin_does_not_act_on_an_owner(patch, alice, admin, role):
    other = person("olga@acme.test", alice.organization, Role.OWNER)
    path = f"{USERS}/{other.user.public_id}"
    for refused in (
        patch(other, by=admin, role=role),
        patch(other, by=admin, is_active=False),
        admin.call("DELETE", path),
    ):
        assert code(refused) == (403, "beyond_own_rights")
    other.membership.refresh_from_db()
    assert (other.membership.role, other.membership.status) == ("owner", "active")


def test_an_admin_makes_nobody_an_owner_themselves_neither(patch, admin, bob):
    for who in (admin, bob):
        assert code(patch(who, by=admin, role="owner")) == (403, "beyond_own_rights")
    assert patch(bob, by=admin, role="admin").status_code == 200


def test_a_member_changes_nobody(patch, bob, alice):
    for who in (alice, bob):
        refused = patch(who, by=bob, role="viewer")
        assert code(refused) == (403, "insufficient_scope")


def test_a_member_of_another_organization_is_not_found(patch, carol, nadia, alice):
    for stranger in (carol, nadia):
        path = f"{USERS}/{stranger.user.public_id}"
        assert code(patch(stranger, role="viewer")) == (404, "not_found")
        assert alice.call("DELETE", path).status_code == 404
        stranger.membership.refresh_from_db()
        assert stranger.membership.role == "owner"


def test_an_id_that_is_no_member_is_not_found(alice, bob):
    membership = bob.membership.public_id
    for wrong in (membership, "usr_01h455vb4pex5vsknk084sn02q", "me", "%00", "usr_"):
        for method in ("PATCH", "DELETE"):
            assert alice.call(method, f"{USERS}/{wrong}", {}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({"role": "king"}, "role"), ({"role": None}, "role"), ({"role": 1}, "role")),
        *(({"is_active": "no"}, "is_active"), ({"is_active": 0}, "is_active")),
        *(({"is_active": None}, "is_active"), ({"email": "x@y.test"}, "email")),
        *(({"name": "Robert"}, "name"), ({"is_staff": True}, "is_staff")),
        *(({"status": "active"}, "status"), ({"joined_at": None}, "joined_at")),
        *(({"user": {}}, "user"), ({"organization": "x"}, "organization")),
    ],
)
def test_what_cannot_change_is_refused_by_name(patch, bob, changes, field):
    refused = patch(bob, **changes)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == field
    bob.user.refresh_from_db()
    assert (bob.user.name, bob.user.is_staff) == ("Bob", False)


def test_a_change_is_audited_once_with_before_and_after(patch, bob, alice):
    patch(bob, role="viewer", is_active=False)
    patch(bob, role="viewer")
    event = AuditEvent.objects.get(action="member.changed")
    assert (event.actor, event.target) == (alice.user.public_id, bob.user.public_id)
    assert event.details == {
        "before": {"role": "member", "is_active": True},
        "after": {"role": "viewer", "is_active": False},
    }
