"""A key changes hands: its secrets stay, nobody gains what they do not hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.audit import OPERATOR
from accounts.models import AuditEvent
from accounts.roles import Role
from apikeys import service_keys
from apikeys.models import ApiKey
from tests.apikeys.conftest import through
from tests.cast import person

KEYS = "/api/v1/api-keys"


@pytest.fixture
def hand(alice):
    """hand(api_key, owner="me") -> the answer to alice, or to `by`."""

    def post(api_key, by=None, **handover):
        path = f"{KEYS}/{api_key.public_id}/transfer"
        return through(by or alice, "POST", path, handover)

    return post


def stopped(person):
    person.membership.is_active = False
    person.membership.save()


def whose(answer):
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return body["owner"], body["contact"], body["orphaned"]


def test_a_personal_key_becomes_the_organizations(issue, hand, alice, bob, call):
    api_key, key = issue("scans_read", owner=bob)
    stopped(bob)
    assert call(key).json()["code"] == "owner_inactive"
    assert whose(hand(api_key)) == ("organization", alice.user.public_id, False)
    assert call(key).status_code == 200


def test_a_key_of_the_organization_becomes_a_persons(issue, hand, alice, bob, call):
    api_key, key = issue("scans_read", "billing")
    assert whose(hand(api_key, owner=bob.user.public_id)) == (
        bob.user.public_id,
        None,
        False,
    )
    # From now on his role holds it down.
    assert call(key, "GET", "/api/v1/auth/whoami").json()["scopes"] == ["scans_read"]
    assert whose(hand(api_key, owner="me")) == (alice.user.public_id, None, False)


def test_another_contact_answers_for_a_key(issue, hand, bob, alice):
    api_key = issue("scans_read")[0]
    told = whose(hand(api_key, contact=bob.user.public_id))
    assert told == ("organization", bob.user.public_id, False)
    stopped(bob)
    path = f"{KEYS}/{api_key.public_id}"
    assert alice.call("GET", path).json()["orphaned"] is True
    assert whose(hand(api_key)) == ("organization", alice.user.public_id, False)


def test_a_key_that_hands_over_names_who_answers_for_it(issue, hand, ask, alice, call):
    manager = ask(scopes=["api_keys_manage", "scans_read"]).json()["key"]
    orphan = issue("scans_read")[0]
    told = whose(hand(orphan, by=manager))
    assert told == ("organization", alice.user.public_id, False)


def test_a_transfer_is_audited_with_before_and_after(issue, hand, alice, bob):
    api_key = issue("scans_read", owner=bob)[0]
    hand(api_key)
    hand(api_key)
    event = AuditEvent.objects.get(action="api_key.transferred")
    assert event.target == api_key.public_id
    assert event.details == {
        "before": {"owner": bob.user.public_id, "contact": None},
        "after": {"owner": "organization", "contact": alice.user.public_id},
    }


def test_unknown_foreign_and_inactive_people_are_refused_alike(
    issue, hand, alice, carol
):
    api_key = issue("scans_read")[0]
    idle = person("ida@acme.test", alice.organization, Role.MEMBER)
    stopped(idle)
    nobody = ["usr_01h455vb4pex5vsknk084sn02q", "usr_1", "alice", "organisation"]
    answers = []
    for field in ("owner", "contact"):
        for text in [*nobody, carol.user.public_id, idle.user.public_id]:
            refused = hand(api_key, **{field: text})
            assert refused.status_code == 400
            answers += refused.json()["errors"]
    assert len({error["detail"] for error in answers}) == 1
    assert {error["field"] for error in answers} == {"owner", "contact"}


def test_a_personal_key_has_no_contact(issue, hand, alice):
    api_key = issue("scans_read")[0]
    refused = hand(api_key, owner="me", contact=alice.user.public_id)
    assert refused.json()["errors"][0]["field"] == "contact"


def test_only_who_manages_keys_hands_them_over(issue, hand, bob, carol, refused):
    own = issue("scans_read", owner=bob)[0]
    refused(hand(own, by=bob), 403, "insufficient_scope")
    assert hand(own, by=carol).status_code == 404
    narrow = issue("scans_read")[1]
    refused(hand(own, by=narrow), 403, "insufficient_scope")
    sandbox = issue("api_keys_manage", "scans_read", environment="test")[1]
    refused(hand(own, by=sandbox), 403, "environment_mismatch")


def test_only_a_person_takes_a_key_as_their_own(issue, hand, alice, refused):
    api_key = issue("scans_read")[0]
    manager = issue("api_keys_manage", "scans_read", owner=alice)[1]
    refused(hand(api_key, by=manager, owner="me"), 403, "user_required")


def test_nobody_frees_a_key_of_more_than_they_hold(issue, hand, bob, refused):
    """A role holds a personal key down; as the organization's it would have it all."""
    wide = issue("scans_read", "billing", owner=bob)[0]
    manager = issue("api_keys_manage", "scans_read")[1]
    body = refused(hand(wide, by=manager), 403, "beyond_own_rights")
    assert body["missing"] == ["billing"]
    wide.refresh_from_db()
    assert wide.membership == bob.membership


def test_a_key_does_not_free_itself_of_what_its_person_lost(
    issue, hand, alice, settings, refused
):
    api_key, key = issue("api_keys_manage", "billing", owner=alice)
    product = alice.organization.product
    for_owners = replace(product.scopes["billing"], role=Role.OWNER)
    changed = replace(product, scopes={**product.scopes, "billing": for_owners})
    settings.PRODUCTS = {**settings.PRODUCTS, product.slug: changed}
    alice.membership.role = Role.ADMIN
    alice.membership.save()
    body = refused(hand(api_key, by=key), 403, "beyond_own_rights")
    assert body["missing"] == ["billing"]


def test_a_key_with_an_expiry_frees_nothing_that_outlives_it(issue, hand, bob, refused):
    later = datetime.now(UTC) + timedelta(days=30)
    manager = issue("api_keys_manage", "scans_read", expires_at=later)[1]
    endless = issue("scans_read", owner=bob)[0]
    refused(hand(endless, by=manager), 403, "beyond_own_rights")


def test_a_revoked_key_does_not_change_hands(issue, hand, refused):
    api_key = issue("scans_read")[0]
    ApiKey.objects.filter(pk=api_key.pk).revoke("other")
    refused(hand(api_key), 409, "conflict")


@pytest.mark.slow
def test_of_two_transfers_to_one_name_one_wins(crowd, issue, hand, alice, bob):
    own = [issue("scans_read", owner=one, name="CI")[0] for one in (alice, bob)]
    alice.sign_in()
    answers = crowd(lambda: hand(own.pop()).status_code, times=2, threads=2)
    assert sorted(answers) == [200, 409]


def test_a_service_key_becomes_nobodys_own(issue, hand, bob, refused):
    api_key, key = issue("api_keys_manage", "scans_read")
    service_keys.appoint(api_key, by=OPERATOR)
    refused(hand(api_key, by=key, owner=bob.user.public_id), 409, "conflict")
