"""Which organization a sign-in is for."""

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization
from tests.accounts.forging import read


@pytest.fixture
def both(alice, nadia, clock):
    """Alice is a viewer in nadia's organization too, since a moment later."""
    clock.shift(60)
    return Membership.objects.create(
        user=alice.user,
        organization=nadia.organization,
        role="viewer",
        joined_at=timezone.now(),
    )


def signed_in_to(person, **extra):
    answer = person.log_in(**extra)
    assert answer.status_code == 200, answer.content
    return read(answer.json()["access_token"])[1]["org"]


def refusal(person, organization):
    answer = person.log_in(organization=organization)
    return answer.status_code, answer.json()["code"]


def test_the_first_sign_in_is_for_the_oldest_membership(alice, both):
    assert signed_in_to(alice) == alice.organization.public_id


def test_the_next_sign_in_is_for_the_membership_used_last(alice, nadia, both, clock):
    chosen = nadia.organization.public_id
    assert signed_in_to(alice, organization=chosen) == chosen
    clock.shift(60)
    assert signed_in_to(alice) == chosen
    clock.shift(60)
    assert signed_in_to(alice, organization=alice.organization.public_id) != chosen
    clock.shift(60)
    assert signed_in_to(alice) == alice.organization.public_id


def test_the_answer_looks_as_the_chosen_product_documents(alice, nadia, both):
    body = alice.log_in(organization=nadia.organization.public_id).json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["refresh_token"].startswith("cpf_rt_")
    assert read(body["access_token"])[1]["scope"] == "incidents:read scan:read"


def test_another_organization_and_none_at_all_are_refused_alike(alice, carol):
    strange = carol.organization.public_id
    unknown = strange[:-4] + "zzzz"
    for organization in (strange, unknown, "org_", "acme", strange.upper()):
        assert refusal(alice, organization) == (403, "no_membership")


@pytest.mark.parametrize(
    "ended",
    [{"is_active": False}, {"removed_at": timezone.now()}, {"joined_at": None}],
    ids=["deactivated", "removed", "invited only"],
)
def test_a_membership_that_is_not_usable_is_passed_over(alice, nadia, both, ended):
    signed_in_to(alice, organization=nadia.organization.public_id)
    Membership.objects.filter(pk=both.pk).update(**ended)
    assert signed_in_to(alice) == alice.organization.public_id
    assert refusal(alice, nadia.organization.public_id) == (403, "no_membership")


def test_a_suspended_organization_is_passed_over(alice, nadia, both):
    Organization.objects.filter(pk=alice.organization.pk).update(is_active=False)
    assert signed_in_to(alice) == nadia.organization.public_id
    assert refusal(alice, alice.organization.public_id) == (403, "no_membership")
