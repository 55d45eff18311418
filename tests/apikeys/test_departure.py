"""Who leaves: their own keys stop, those of the organization wait for a new contact."""

import pytest

from accounts.last_used import recorder
from accounts.models import AuditEvent
from accounts.roles import Role
from tests.apikeys.conftest import through
from tests.cast import person, send
from tests.operating import do, operate

KEYS = "/api/v1/api-keys"
USERS = "/api/v1/users"


@pytest.fixture
def adam(alice):
    return person("adam@acme.test", alice.organization, Role.ADMIN)


@pytest.fixture
def keys(adam, ask):
    """What adam made: his own key, and one of the organization."""
    scopes = ["scans_read"]
    return {
        "own": ask(adam, name="Laptop", owner="me", scopes=scopes).json(),
        "organization": ask(adam, name="Deploy", scopes=scopes).json(),
    }


def departing(who):
    return f"{USERS}/{who.user.public_id}/departure"


def stop(who, alice):
    path = f"{USERS}/{who.user.public_id}"
    assert alice.call("PATCH", path, {"is_active": False}).status_code == 200


def orphans(alice):
    listed = alice.call("GET", f"{KEYS}?orphaned=true").json()["data"]
    assert all(row["orphaned"] for row in listed)
    return [row["name"] for row in listed]


def told(action):
    return [event.target for event in AuditEvent.objects.filter(action=action)]


def test_the_keys_of_who_is_deactivated_stop_and_the_organizations_work_on(
    keys, adam, alice, call
):
    stop(adam, alice)
    refused = call(keys["own"]["key"])
    assert (refused.status_code, refused.json()["code"]) == (401, "owner_inactive")
    assert call(keys["organization"]["key"]).status_code == 200
    assert orphans(alice) == ["Deploy"]
    assert told("api_key.stopped") == [keys["own"]["id"]]
    assert told("api_key.orphaned") == [keys["organization"]["id"]]


def test_a_transfer_gives_an_orphan_a_new_contact(keys, adam, alice):
    stop(adam, alice)
    path = f"{KEYS}/{keys['organization']['id']}/transfer"
    assert alice.call("POST", path, {}).json()["orphaned"] is False
    assert orphans(alice) == []
    assert told("api_key.transferred") == [keys["organization"]["id"]]


def test_who_comes_back_finds_their_keys(keys, adam, alice, call):
    stop(adam, alice)
    path = f"{USERS}/{adam.user.public_id}"
    alice.call("PATCH", path, {"is_active": True})
    assert call(keys["own"]["key"]).status_code == 200
    assert orphans(alice) == []


def test_the_keys_of_who_is_removed_are_revoked(keys, adam, alice, call):
    alice.call("DELETE", f"{USERS}/{adam.user.public_id}")
    assert call(keys["own"]["key"]).json()["code"] == "key_revoked"
    assert call(keys["organization"]["key"]).status_code == 200
    assert orphans(alice) == ["Deploy"]
    (event,) = AuditEvent.objects.filter(action="api_key.stopped")
    assert event.details == {"reason": "member_removed"}
    assert event.actor == alice.user.public_id
    assert told("api_key.orphaned") == [keys["organization"]["id"]]


def test_who_comes_back_after_a_removal_answers_for_nothing(keys, adam, alice):
    """It is another membership, and nothing of the old one comes alive."""
    alice.call("DELETE", f"{USERS}/{adam.user.public_id}")
    body = {"email": adam.user.email, "role": "admin"}
    url = alice.call("POST", USERS, body).json()["invitation_url"]
    body = {"token": url.rpartition("/")[2], "password": adam.password}
    assert send("POST", "/api/v1/auth/invitations/accept", body).status_code == 201
    assert orphans(alice) == ["Deploy"]


def test_a_change_of_the_role_orphans_nothing(keys, adam, alice):
    path = f"{USERS}/{adam.user.public_id}"
    alice.call("PATCH", path, {"role": "viewer"})
    assert orphans(alice) == []
    assert told("api_key.orphaned") == told("api_key.stopped") == []


def test_an_operator_who_deactivates_a_person_leaves_the_same_events(
    keys, adam, alice, call
):
    browser = operate(alice)
    done = do(browser, "accounts/user", "disable", adam.user, reason="left")
    assert done.status_code == 302
    assert call(keys["own"]["key"]).json()["code"] == "owner_inactive"
    assert told("api_key.stopped") == [keys["own"]["id"]]
    assert told("api_key.orphaned") == [keys["organization"]["id"]]
    assert orphans(alice) == ["Deploy"]


def test_a_departure_is_looked_at_before(keys, adam, alice, call):
    call(keys["organization"]["key"])
    recorder.flush()
    body = alice.call("GET", departing(adam)).json()
    assert [row["name"] for row in body["personal_keys"]] == ["Laptop"]
    assert body["organization_keys"] == [
        {
            "id": keys["organization"]["id"],
            "name": "Deploy",
            "hint": keys["organization"]["hint"],
            "last_used_at": body["organization_keys"][0]["last_used_at"],
            "last_used_ip": "127.0.0.1",
        }
    ]
    assert body["organization_keys"][0]["last_used_at"] is not None
    assert body["personal_keys"][0]["last_used_at"] is None
    assert keys["own"]["key"] not in str(body)


def test_what_is_gone_is_no_part_of_a_departure(keys, adam, alice):
    for made in keys.values():
        alice.call("DELETE", f"{KEYS}/{made['id']}")
    empty = {"personal_keys": [], "organization_keys": []}
    assert alice.call("GET", departing(adam)).json() == empty
    stop(adam, alice)
    assert orphans(alice) == told("api_key.stopped") == []


def test_keys_elsewhere_are_no_part_of_a_departure(keys, adam, carol, alice, issue):
    elsewhere = carol.organization.memberships.create(
        user=adam.user, role="admin", joined_at=adam.membership.joined_at
    )
    issue("scans_read", owner=type(carol)(elsewhere), name="Elsewhere")
    body = alice.call("GET", departing(adam)).json()
    assert [row["name"] for row in body["personal_keys"]] == ["Laptop"]


def test_a_departure_is_for_who_manages_members(adam, bob, carol, issue, refused):
    path = departing(adam)
    refused(bob.call("GET", path), 403, "insufficient_scope")
    assert carol.call("GET", path).status_code == 404
    manager = issue("users_manage")[1]
    assert through(manager, "GET", path).status_code == 200
    sandbox = issue("users_manage", environment="test")[1]
    refused(through(sandbox, "GET", path), 403, "environment_mismatch")


def test_contacts_of_keys_that_keys_make_are_the_people_behind(adam, ask, issue):
    manage = ["api_keys_manage", "scans_read"]
    of_organization = ask(adam, scopes=manage, owner="organization").json()["key"]
    personal = ask(adam, scopes=manage, owner="me").json()["key"]
    for maker in (of_organization, personal):
        assert ask(maker).json()["contact"] == adam.user.public_id
    assert ask(issue(*manage)[1]).json()["contact"] is None
