"""Transfer a key on its page: to the organization, to oneself, to a colleague."""

import pytest

from accounts.audit import SYSTEM
from accounts.roles import Role
from apikeys import lifecycle
from apikeys.models import ApiKey
from apikeys.views import handing_over
from tests.cast import person
from tests.surfing import surf


def at(api_key):
    return f"/settings/api-keys/{api_key.public_id}/transfer"


def now(api_key):
    return ApiKey.objects.with_people().get(pk=api_key.pk)


def test_a_personal_key_becomes_the_organizations(alice, bob, issue, call):
    api_key, key = issue("scans_read", owner=bob)
    answer = surf(alice).post(at(api_key), {"owner": "organization", "contact": ""})
    assert answer.status_code == 302
    assert (now(api_key).owner, now(api_key).contact) == (
        "organization",
        alice.membership,
    )
    assert call(key).status_code == 200


def test_a_colleague_answers_for_it(alice, bob, issue):
    api_key = issue("scans_read")[0]
    fields = {"owner": "organization", "contact": bob.user.public_id}
    assert surf(alice).post(at(api_key), fields).status_code == 302
    assert now(api_key).contact == bob.membership


@pytest.mark.parametrize("who", ["me", "bob"])
def test_it_becomes_somebodys_own(alice, bob, issue, who):
    api_key = issue("scans_read")[0]
    owner, whose = {"me": ("me", alice), "bob": (bob.user.public_id, bob)}[who]
    assert surf(alice).post(at(api_key), {"owner": owner}).status_code == 302
    assert now(api_key).membership == whose.membership


def test_a_person_answers_for_their_own_key_alone(alice, bob, issue):
    api_key = issue("scans_read")[0]
    fields = {"owner": "me", "contact": bob.user.public_id}
    answer = surf(alice).post(at(api_key), fields)
    assert answer.status_code == 400
    assert "a person answers for their own key" in answer.content.decode()
    assert now(api_key).owner == "organization"


@pytest.mark.parametrize("field", ["owner", "contact"])
def test_a_stranger_is_no_choice(alice, carol, issue, field):
    api_key = issue("scans_read")[0]
    fields = {"owner": "organization", "contact": "", field: carol.user.public_id}
    answer = surf(alice).post(at(api_key), fields)
    assert answer.status_code == 400
    assert "Use the id of an active member" in answer.content.decode()
    page = surf(alice).get(at(api_key)).content.decode()
    assert "carol" not in page.lower()


def test_a_revoked_key_does_not_change_hands(alice, issue):
    api_key = issue("scans_read")[0]
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    for answer in (
        surf(alice).get(at(api_key)),
        surf(alice).post(at(api_key), {"owner": "me"}),
    ):
        assert answer.status_code == 409
        assert "A revoked key cannot change hands." in answer.content.decode()


def test_a_member_without_the_right_hands_nothing_over(bob, issue):
    api_key = issue("scans_read", owner=bob)[0]
    assert surf(bob).post(at(api_key), {"owner": "organization"}).status_code == 403
    assert now(api_key).membership == bob.membership


def test_where_there_are_many_colleagues_the_id_is_typed(alice, issue, monkeypatch):
    monkeypatch.setattr(handing_over, "MOST_COLLEAGUES", 2)
    people = [
        person(f"p{number}@acme.test", alice.organization, Role.MEMBER)
        for number in range(3)
    ]
    api_key = issue("scans_read")[0]
    page = surf(alice).get(at(api_key)).content.decode()
    assert '<input type="text" name="owner"' in page
    assert "p1@acme.test" not in page
    fields = {"owner": people[2].user.public_id}
    assert surf(alice).post(at(api_key), fields).status_code == 302
    assert now(api_key).membership == people[2].membership
