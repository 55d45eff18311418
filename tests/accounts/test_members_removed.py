"""A removed member has nothing left here, and coming back brings nothing back."""

import pytest

from accounts.models import AuditEvent, Membership
from accounts.roles import Role
from tests.cast import person, send

USERS = "/api/v1/users"
SCANS = "/api/v1/scans"


@pytest.fixture
def remove(alice):
    """remove(bob) -> the answer to alice, or to `by`."""

    def delete(who, by=None):
        return (by or alice).call("DELETE", f"{USERS}/{who.user.public_id}")

    return delete


@pytest.fixture
def come_back(alice):
    """come_back(bob): invited again, and joined."""

    def join(who):
        body = {"email": who.user.email, "role": "member"}
        url = alice.call("POST", USERS, body).json()["invitation_url"]
        body = {"token": url.rpartition("/")[2], "password": who.password}
        joined = send("POST", "/api/v1/auth/invitations/accept", body)
        assert joined.status_code == 201, joined.content

    return join


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_removing_ends_every_credential_at_once(remove, bob, issue, call):
    key = issue("scans_read", owner=bob)[1]
    refresh = {"refresh_token": bob.sign_in()["refresh_token"]}
    assert remove(bob).status_code == 204
    assert code(bob.call("GET", SCANS)) == (401, "session_ended")
    assert code(call(key)) == (401, "key_revoked")
    assert send("POST", "/api/v1/auth/refresh", refresh).status_code == 401
    assert code(bob.log_in()) == (403, "no_membership")


def test_a_removed_member_is_listed_no_more(remove, bob, alice):
    remove(bob)
    assert [row["email"] for row in alice.call("GET", USERS).json()["data"]] == [
        "alice@acme.test"
    ]
    for method in ("PATCH", "DELETE"):
        path = f"{USERS}/{bob.user.public_id}"
        assert alice.call(method, path, {"role": "viewer"}).status_code == 404


def test_coming_back_revives_nothing(remove, come_back, bob, issue, call):
    key = issue("scans_read", owner=bob)[1]
    tokens = bob.sign_in()
    remove(bob)
    come_back(bob)
    dead = send("GET", SCANS, AUTHORIZATION=f"Bearer {tokens['access_token']}")
    assert code(dead) == (401, "session_ended")
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert send("POST", "/api/v1/auth/refresh", refresh).status_code == 401
    assert code(call(key)) == (401, "key_revoked")
    assert bob.log_in().status_code == 200


def test_who_comes_back_is_a_new_member(remove, come_back, bob):
    remove(bob)
    come_back(bob)
    old, new = Membership.objects.filter(user=bob.user).order_by("pk")
    assert (old.status, new.status) == ("removed", "active")
    assert old.joined_at is not None


def test_the_account_and_other_organizations_stay(remove, bob, carol):
    carol.organization.memberships.create(
        user=bob.user, role="member", joined_at=bob.membership.joined_at
    )
    remove(bob)
    assert bob.log_in().status_code == 200
    bob.user.refresh_from_db()
    assert bob.user.is_active


def test_keys_of_the_organization_that_a_member_made_live_on(
    remove, alice, bob, issue, call
):
    manager = issue("api_keys_manage", "scans_read", owner=bob)[1]
    bob.membership.role = Role.ADMIN
    bob.membership.save()
    wish = {"name": "CI", "scopes": ["scans_read"]}
    made = call(manager, "POST", "/api/v1/api-keys", wish).json()["key"]
    remove(bob)
    assert call(manager).status_code == 401
    assert call(made).status_code == 200


def test_an_invitation_is_taken_back_by_removing_who_waits(alice):
    body = {"email": "dora@new.test", "role": "member"}
    waiting = alice.call("POST", USERS, body).json()
    assert alice.call("DELETE", f"{USERS}/{waiting['id']}").status_code == 204
    assert alice.call("DELETE", f"{USERS}/{waiting['id']}").status_code == 404


def test_an_admin_may_leave(remove, alice):
    admin = person("adam@acme.test", alice.organization, Role.ADMIN)
    assert remove(admin, by=admin).status_code == 204
    assert admin.call("GET", SCANS).status_code == 401


def test_a_removal_is_audited_with_what_it_ended(remove, bob, issue):
    issue("scans_read", owner=bob)
    bob.sign_in()
    remove(bob)
    event = AuditEvent.objects.get(action="member.removed")
    assert event.target == bob.user.public_id
    assert event.details == {"ended": {"session": 1, "api_key": 1, "oauth": 0}}


@pytest.mark.slow
def test_of_many_who_remove_a_member_one_does(crowd, remove, bob, alice):
    alice.sign_in()
    answers = crowd(lambda: remove(bob).status_code, times=16)
    assert sorted(answers) == [204] + [404] * 15
    assert AuditEvent.objects.filter(action="member.removed").count() == 1
