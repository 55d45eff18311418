"""An organization always has an owner who can act."""

import pytest

from accounts.models import Membership
from accounts.roles import Role
from tests.cast import person

USERS = "/api/v1/users"


@pytest.fixture
def olga(alice):
    """A second owner."""
    return person("olga@acme.test", alice.organization, Role.OWNER)


def path(who):
    return f"{USERS}/{who.user.public_id}"


def steps_away(who):
    """The three ways in which an owner stops being one."""
    yield who.call("PATCH", path(who), {"role": "admin"})
    yield who.call("PATCH", path(who), {"is_active": False})
    yield who.call("DELETE", path(who))


def test_the_last_owner_stays(alice, bob):
    for refused in steps_away(alice):
        assert refused.status_code == 409
        assert refused.json()["code"] == "last_owner"
    alice.membership.refresh_from_db()
    assert (alice.membership.role, alice.membership.status) == ("owner", "active")


def test_with_a_second_owner_one_may_go(alice, olga):
    assert alice.call("DELETE", path(alice)).status_code == 204
    for refused in steps_away(olga):
        assert refused.json()["code"] == "last_owner"


def test_with_a_second_owner_one_may_step_down(alice, olga):
    assert alice.call("PATCH", path(alice), {"role": "viewer"}).status_code == 200
    assert alice.call("GET", USERS).status_code == 403


@pytest.mark.parametrize("absent", ["invited", "inactive", "disabled", "removed"])
def test_an_owner_who_cannot_act_does_not_count(alice, olga, absent):
    olga.membership.joined_at = (
        olga.membership.joined_at if absent != "invited" else None
    )
    olga.membership.is_active = absent != "inactive"
    if absent == "removed":
        olga.membership.removed_at = olga.membership.created_at
    olga.membership.save()
    olga.user.is_active = absent != "disabled"
    olga.user.save()
    for refused in steps_away(alice):
        assert refused.json()["code"] == "last_owner"


def test_an_owner_who_cannot_act_may_be_removed(alice, olga):
    olga.membership.is_active = False
    olga.membership.save()
    assert alice.call("DELETE", path(olga)).status_code == 204


def test_the_last_owner_may_change_nothing_about_themselves_by_the_way(alice):
    both = {"role": "owner", "is_active": False}
    assert alice.call("PATCH", path(alice), both).json()["code"] == "last_owner"
    same = alice.call("PATCH", path(alice), {"role": "owner", "is_active": True})
    assert same.status_code == 200


def test_owners_of_another_organization_do_not_count(alice, carol):
    carol.organization.memberships.create(
        user=alice.user, role="owner", joined_at=carol.membership.joined_at
    )
    assert alice.call("DELETE", path(alice)).json()["code"] == "last_owner"


@pytest.mark.slow
@pytest.mark.parametrize("body", [None, {"role": "viewer"}, {"is_active": False}])
def test_of_two_owners_who_leave_side_by_side_one_stays(crowd, alice, olga, body):
    method = "PATCH" if body else "DELETE"
    owners = iter([alice, olga])
    for who in (alice, olga):
        who.sign_in()

    def leave():
        who = next(owners)
        return who.call(method, path(who), body).status_code

    answers = crowd(leave, times=2, threads=2)
    assert sorted(answers) == [200 if body else 204, 409]
    left = Membership.objects.usable().filter(role="owner")
    assert left.filter(organization=alice.organization).count() == 1


@pytest.mark.slow
def test_of_two_owners_who_put_each_other_out_one_stays(crowd, alice, olga):
    pairs = iter([(alice, olga), (olga, alice)])
    for who in (alice, olga):
        who.sign_in()

    def put_out():
        who, other = next(pairs)
        return who.call("DELETE", path(other)).status_code

    answers = crowd(put_out, times=2, threads=2)
    assert answers.count(204) == 1
    assert set(answers) <= {204, 401, 409}
    assert Membership.objects.usable().filter(role="owner").count() == 1
