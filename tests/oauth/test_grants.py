"""What a person lets applications do: the list of it, and how it is taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, User
from oauth import consents
from oauth.models import Application, Consent
from tests.cast import person
from tests.oauth.registering import by_key, made, refused

GRANTS = "/api/v1/oauth-grants"


@pytest.fixture
def application(alice):
    body = made(alice, name="Dashboard", scopes=["openid", "scans_read"])
    return Application.objects.with_public_id(body["id"]).get()


@pytest.fixture
def allow(application):
    """allow(bob): he lets the application read scans, and it is used once."""

    def give(who, given=application):
        scopes = ["openid", "scans_read"]
        return consents.give(who.membership, given, scopes, by=SYSTEM)

    return give


def listed(who):
    answer = who.call("GET", GRANTS)
    assert answer.status_code == 200
    return answer.json()["data"]


def test_a_person_sees_what_they_allowed(bob, application, allow):
    consent = allow(bob)
    (grant,) = listed(bob)
    assert grant.pop("granted_at").endswith("Z")
    assert grant == {
        "id": consent.public_id,
        "client_id": application.client_id,
        "name": "Dashboard",
        "organization": bob.organization.public_id,
        "scopes": ["openid", "scans_read"],
        "last_used_at": None,
        "last_used_ip": None,
    }
    assert grant["id"].startswith("grt_")


def test_last_use_is_told(bob, allow):
    allow(bob)
    Consent.objects.update(
        last_used_at="2040-01-02T12:00:00Z", last_used_ip="192.0.2.7"
    )
    (grant,) = listed(bob)
    assert grant["last_used_at"] == "2040-01-02T12:00:00.000Z"
    assert grant["last_used_ip"] == "192.0.2.7"


def test_nobody_else_sees_or_ends_it(alice, bob, carol, allow):
    consent = allow(bob)
    for who in (alice, carol):
        assert listed(who) == []
        answer = who.call("DELETE", f"{GRANTS}/{consent.public_id}")
        refused(answer, 404, "not_found")
    assert len(listed(bob)) == 1


def test_taking_it_back_ends_it_at_once_and_is_audited(bob, application, allow):
    consent = allow(bob)
    path = f"{GRANTS}/{consent.public_id}"
    assert bob.call("DELETE", path).status_code == 204
    assert listed(bob) == []
    refused(bob.call("DELETE", path), 404, "not_found")
    consent.refresh_from_db()
    assert not consent.stands
    event = AuditEvent.objects.get(action="consent.withdrawn")
    assert (event.actor, event.target) == (bob.user.public_id, consent.public_id)
    assert event.organization == bob.organization
    assert event.details["application"] == application.public_id


def test_one_is_taken_back_and_the_others_stand(alice, bob, allow):
    body = made(alice, name="Other")
    other = Application.objects.with_public_id(body["id"]).get()
    first = allow(bob)
    allow(bob, other)
    bob.call("DELETE", f"{GRANTS}/{first.public_id}")
    assert [grant["name"] for grant in listed(bob)] == ["Other"]


def test_what_was_allowed_in_each_organization_is_listed(bob, carol, allow):
    elsewhere = Membership.objects.create(
        user=bob.user,
        organization=carol.organization,
        role="viewer",
        joined_at=timezone.now(),
    )
    body = made(carol, name="Theirs")
    theirs = Application.objects.with_public_id(body["id"]).get()
    allow(bob)
    consents.give(elsewhere, theirs, ["scans_read"], by=SYSTEM)
    assert [grant["organization"] for grant in listed(bob)] == [
        carol.organization.public_id,
        bob.organization.public_id,
    ]


def test_what_counts_no_more_is_not_listed(bob, allow):
    allow(bob)
    bob.sign_in()
    later = timezone.now() + timedelta(seconds=1)
    User.objects.filter(pk=bob.user.pk).update(password_changed_at=later)
    assert listed(bob) == []


def test_only_a_person_has_grants(alice, issue):
    key = issue(*alice.organization.product.scopes, owner=alice)[1]
    for method, path in (("GET", GRANTS), ("DELETE", f"{GRANTS}/grt_x")):
        refused(by_key(key, method, path), 403, "user_required")


def test_a_cursor_leads_through_many(alice, allow):
    for number in range(3):
        body = made(alice, "native", name=str(number))
        allow(alice, Application.objects.with_public_id(body["id"]).get())
    page = alice.call("GET", f"{GRANTS}?limit=2").json()
    assert [grant["name"] for grant in page["data"]] == ["2", "1"]
    rest = alice.call("GET", f"{GRANTS}?cursor={page['next_cursor']}").json()
    assert [grant["name"] for grant in rest["data"]] == ["0"]


def test_an_id_of_another_kind_is_no_grant(bob, allow, application):
    allow(bob)
    for name in ("grt_x", application.public_id, "%00"):
        refused(bob.call("DELETE", f"{GRANTS}/{name}"), 404, "not_found")


def test_a_colleague_removed_from_the_organization_lists_nothing_of_it(
    alice, carol, allow
):
    tom = person("tom@acme.test", alice.organization, "member")
    allow(tom)
    Membership.objects.create(
        user=tom.user,
        organization=carol.organization,
        role="viewer",
        joined_at=timezone.now(),
    )
    alice.call("DELETE", f"/api/v1/users/{tom.user.public_id}")
    tom.membership = tom.user.memberships.current().get()
    assert listed(tom) == []
