"""Settings > Organization: its name, its plan, and the way to another one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Membership, Session
from accounts.roles import Role
from tests.cast import Person
from tests.surfing import age, surf

PAGE = "/settings/organization"
NAME = "/settings/organization/name"
SWITCH = "/settings/organization/switch"


@pytest.fixture
def surfer(alice):
    return surf(alice)


@pytest.fixture
def elsewhere(alice, carol):
    """Alice as a viewer of carol's organization."""
    return Membership.objects.create(
        user=alice.user,
        organization=carol.organization,
        role=Role.VIEWER,
        joined_at=timezone.now(),
    )


def switch(surfer, organization):
    return surfer.post(SWITCH, {"organization": organization.public_id})


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    for path in (PAGE, NAME, SWITCH):
        assert client.post(path)["Location"].startswith("/login?next=")


def test_it_shows_the_plan_and_its_limits(alice, surfer):
    page = surfer.get(PAGE).content.decode()
    plan = alice.organization.plan
    assert f"Plan {plan.name}" in page
    assert f"<dd>{plan.limits.per_minute}</dd>" in page


def test_an_owner_renames_it(alice, surfer):
    answer = surfer.post(NAME, {"name": "Acme <Works>"})
    assert answer["Location"] == PAGE
    assert "Acme &lt;Works&gt;" in surfer.get(PAGE).content.decode()
    event = AuditEvent.objects.get(action="organization.renamed")
    assert (event.organization_id, event.actor) == (
        alice.organization.pk,
        alice.user.public_id,
    )
    assert event.details == {
        "before": {"name": "Acme"},
        "after": {"name": "Acme <Works>"},
    }


def test_a_member_has_no_form_and_is_refused(alice, bob):
    member = surf(bob)
    assert NAME not in member.get(PAGE).content.decode()
    assert member.post(NAME, {"name": "Mine"}).status_code == 403
    alice.organization.refresh_from_db()
    assert alice.organization.name == "Acme"


@pytest.mark.parametrize("odd", ["", "x" * 101, "a\u202eb", "a\x00b", "  "])
def test_an_odd_name_is_refused_and_kept_in_the_form(alice, surfer, odd):
    page = surfer.post(NAME, {"name": odd})
    assert page.status_code == 200
    assert 'id="id_name_error"' in page.content.decode()
    alice.organization.refresh_from_db()
    assert alice.organization.name == "Acme"


def test_the_same_name_is_no_event(surfer):
    surfer.post(NAME, {"name": "Acme"})
    assert not AuditEvent.objects.filter(action="organization.renamed").exists()


def test_switching_is_the_same_sign_in_elsewhere(alice, elsewhere):
    surfer = surf(alice, factors=["pwd", "otp"])
    before = Session.objects.get(pk=surfer.session_row.pk)
    assert switch(surfer, elsewhere.organization)["Location"] == PAGE
    after = Session.objects.get(ended_at=None)
    assert after.membership_id == elsewhere.pk
    for field in ("factors", "authenticated_at", "expires_at", "second_step_at"):
        assert getattr(after, field) == getattr(before, field), field
    assert "Other" in surfer.get(PAGE).content.decode()


def test_switching_ends_the_sign_in_before(elsewhere, surfer):
    switch(surfer, elsewhere.organization)
    before = Session.objects.get(pk=surfer.session_row.pk)
    assert (before.end_reason, before.ended_at is None) == ("switched", False)


def test_switching_makes_no_old_sign_in_fresh(elsewhere, surfer):
    age(surfer.session_row)
    switch(surfer, elsewhere.organization)
    page = surfer.post("/settings/sessions/end-others")
    assert "Confirm it is you" in page.content.decode()


def test_the_role_there_is_what_counts(elsewhere, surfer):
    switch(surfer, elsewhere.organization)
    assert surfer.get("/settings/audit-log").status_code == 403
    assert surfer.post(NAME, {"name": "Taken"}).status_code == 403


def test_nobody_switches_to_where_they_are_no_member(carol, surfer):
    assert switch(surfer, carol.organization).status_code == 404
    assert surfer.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"removed_at": timezone.now()},
        {"is_active": False},
        {"joined_at": None},
    ],
)
def test_a_membership_that_is_not_usable_is_not_there(surfer, elsewhere, change):
    Membership.objects.filter(pk=elsewhere.pk).update(**change)
    assert "Other" not in surfer.get(PAGE).content.decode()
    assert switch(surfer, elsewhere.organization).status_code == 404


def test_a_suspended_organization_is_not_there(surfer, elsewhere):
    type(elsewhere.organization).objects.filter(pk=elsewhere.organization.pk).update(
        is_active=False
    )
    assert switch(surfer, elsewhere.organization).status_code == 404


def test_an_id_that_is_none_leads_nowhere(surfer):
    for odd in ("", "org_", "nothing", "\x00", "x" * 5000):
        assert surfer.post(SWITCH, {"organization": odd}).status_code == 404


def test_switching_to_here_changes_nothing(alice, surfer):
    switch(surfer, alice.organization)
    assert Session.objects.get().pk == surfer.session_row.pk


def test_a_switch_outlives_no_other_password(alice, elsewhere, surfer):
    """Who knows the old password only cannot carry a sign-in over the change."""
    then = timezone.now() + timedelta(seconds=5)
    type(alice.user).objects.filter(pk=alice.user.pk).update(
        credentials_valid_from=then
    )
    answer = switch(surfer, elsewhere.organization)
    assert answer["Location"].startswith("/login")
    assert Session.objects.count() == 1


def test_the_page_costs_the_same_with_many_organizations(
    alice, carol, nadia, elsewhere, surfer, django_assert_max_num_queries
):
    Membership.objects.create(
        user=alice.user,
        organization=nadia.organization,
        role=Role.OWNER,
        joined_at=timezone.now(),
    )
    with django_assert_max_num_queries(7):
        page = surfer.get(PAGE).content.decode()
    assert page.count(">Switch</button>") == 2


def test_a_person_of_two_products_reads_each_in_its_own_words(alice, nadia, surfer):
    member = Membership.objects.create(
        user=alice.user,
        organization=nadia.organization,
        role=Role.ADMIN,
        joined_at=timezone.now(),
    )
    switch(surfer, nadia.organization)
    assert Person(member).organization.product.name in surfer.get(PAGE).text
