"""A key that manages members hands on no more than it holds itself."""

import pytest

from accounts.roles import Role
from tests.cast import person

USERS = "/api/v1/users"
OF_A_VIEWER = (
    *("scans_read", "devices_read", "alerts_read", "reports_read"),
    *("cve_read", "ids_read"),
)
OF_A_MEMBER = (
    *OF_A_VIEWER,
    *("scans_write", "devices_write", "alerts_write", "reports_write"),
)


def code(answer):
    return answer.status_code, answer.json().get("code")


def invite(call, key, role, email="dora@new.test"):
    return call(key, "POST", USERS, {"email": email, "role": role})


def test_a_key_lists_members(issue, call, alice, bob):
    listed = call(issue("users_manage")[1], "GET", USERS)
    assert [row["id"] for row in listed.json()["data"]] == [
        bob.user.public_id,
        alice.user.public_id,
    ]


def test_a_key_without_the_scope_does_not(issue, call):
    refused = call(issue("api_keys_manage")[1], "GET", USERS)
    assert refused.json()["missing"] == ["users_manage"]


def test_a_narrow_key_gives_no_role(issue, call):
    """A role is a bundle of scopes: whoever gives it must hold all of them."""
    narrow = issue("users_manage")[1]
    for role in ("viewer", "member", "admin", "owner"):
        assert code(invite(call, narrow, role)) == (403, "beyond_own_rights")


def test_a_key_gives_the_roles_whose_scopes_it_holds(issue, call):
    reader = issue("users_manage", *OF_A_VIEWER)[1]
    assert invite(call, reader, "viewer", "a@new.test").status_code == 201
    assert code(invite(call, reader, "member")) == (403, "beyond_own_rights")
    writer = issue("users_manage", *OF_A_MEMBER)[1]
    assert invite(call, writer, "member", "b@new.test").status_code == 201
    assert code(invite(call, writer, "admin")) == (403, "beyond_own_rights")


@pytest.mark.parametrize("who", ["alice", None])
def test_no_key_makes_or_touches_an_admin_or_owner(issue, call, alice, bob, who):
    """Both roles open what no scope opens, the audit log for one."""
    every = alice.organization.product.scopes
    key = issue(*every, owner=alice if who else None)[1]
    admin = person("adam@acme.test", alice.organization, Role.ADMIN)
    refusals = [invite(call, key, "owner"), invite(call, key, "admin")]
    for role in ("owner", "admin"):
        path = f"{USERS}/{bob.user.public_id}"
        refusals.append(call(key, "PATCH", path, {"role": role}))
    for above in (alice, admin):
        path = f"{USERS}/{above.user.public_id}"
        refusals.append(call(key, "PATCH", path, {"role": "viewer"}))
        refusals.append(call(key, "PATCH", path, {"is_active": False}))
        refusals.append(call(key, "DELETE", path))
    assert {code(answer) for answer in refusals} == {(403, "beyond_own_rights")}


def test_a_narrow_key_of_an_admin_does_not_act_with_the_admins_role(
    issue, call, alice, bob
):
    admin = person("adam@acme.test", alice.organization, Role.ADMIN)
    key = issue("users_manage", owner=admin)[1]
    path = f"{USERS}/{bob.user.public_id}"
    for method in ("PATCH", "DELETE"):
        refused = call(key, method, path, {"role": "viewer"})
        assert code(refused) == (403, "beyond_own_rights")


def test_a_narrow_key_does_not_put_its_own_person_out(issue, call, alice):
    """A person may leave; a leaked key of theirs must not decide that for them."""
    for role in (Role.ADMIN, Role.OWNER):
        who = person(f"{role}@acme.test", alice.organization, role)
        key = issue("users_manage", owner=who)[1]
        refused = call(key, "DELETE", f"{USERS}/{who.user.public_id}")
        assert code(refused) == (403, "beyond_own_rights")
        who.membership.refresh_from_db()
        assert who.membership.status == "active"


def test_a_key_changes_and_removes_whom_it_covers(issue, call, bob):
    key = issue("users_manage", *OF_A_MEMBER)[1]
    path = f"{USERS}/{bob.user.public_id}"
    assert call(key, "PATCH", path, {"role": "viewer"}).json()["role"] == "viewer"
    assert call(key, "DELETE", path).status_code == 204


def test_a_sandbox_key_has_no_members(issue, call, alice, bob):
    key = issue(*alice.organization.product.scopes, environment="test")[1]
    path = f"{USERS}/{bob.user.public_id}"
    for method, where in [
        ("GET", USERS),
        ("POST", USERS),
        ("PATCH", path),
        ("DELETE", path),
        ("GET", "/api/v1/audit-events"),
    ]:
        refused = call(key, method, where, {"role": "viewer"})
        assert code(refused) == (403, "environment_mismatch"), (method, where)


def test_a_key_of_netallion_needs_admin(issue, call, nadia):
    narrow = issue("scan:read", "scan:write", owner=nadia)[1]
    assert call(narrow, "GET", USERS).json()["missing"] == ["admin"]
    wide = issue("admin", owner=nadia)[1]
    for role in ("viewer", "member"):
        assert invite(call, wide, role, f"{role}@new.test").status_code == 201
    for role in ("admin", "owner"):
        assert code(invite(call, wide, role)) == (403, "beyond_own_rights")
