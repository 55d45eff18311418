"""What a credential is worth: granted, narrowed by role, plan and product."""

from dataclasses import FrozenInstanceError, replace

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.credentials import (
    API_KEY,
    OAUTH,
    SESSION,
    Credential,
    Departure,
    kinds,
    rights,
)
from accounts.models import Membership, Organization, User
from accounts.products import products
from accounts.roles import ROLES
from oauth.models import Application, Consent


@pytest.fixture
def organization():
    return Organization(name="Acme", product_slug="netrecon", plan_slug="enterprise")


@pytest.fixture
def credential(organization):
    """credential("scans_read", role="admin") -> one of a key, or of a session."""

    def make(*scopes, role=None, kind=API_KEY, of=organization):
        membership = None
        if role is not None:
            membership = Membership(user=User(), organization=of, role=role)
        return Credential(
            kind=kind,
            id="key_x",
            organization=of,
            membership=membership,
            environment="live",
            rights=rights(of, scopes, role=role),
            expires_at=None,
            limits=of.plan.limits,
            rate_key="key_x",
            rows=((Organization, of.pk),),
        )

    return make


def test_what_was_granted_is_effective_where_nothing_narrows_it(organization):
    found = rights(organization, ["scans_read", "billing"], role=None)
    assert found.granted == ("scans_read", "billing")
    assert found.effective == {"scans_read", "billing"}
    assert found.suspended == ()


def test_nothing_granted_is_nothing(organization):
    for role in (None, *ROLES):
        assert rights(organization, [], role=role).effective == frozenset()


@pytest.mark.parametrize(
    ("role", "kept"),
    [
        ("viewer", {"scans_read"}),
        ("member", {"scans_read", "scans_write"}),
        ("admin", {"scans_read", "scans_write", "billing"}),
        ("owner", {"scans_read", "scans_write", "billing"}),
    ],
)
def test_a_role_keeps_what_it_holds(organization, role, kept):
    granted = ["scans_read", "scans_write", "billing"]
    found = rights(organization, granted, role=role)
    assert found.effective == kept
    assert {each.scope for each in found.suspended} == set(granted) - kept
    assert {each.reason for each in found.suspended} <= {"role"}


def test_of_several_reasons_the_widest_is_told(organization, settings):
    product = organization.product
    plan = replace(organization.plan, scopes=frozenset({"scans_read"}))
    plans = {**product.plans, "enterprise": plan}
    settings.PRODUCTS = {"netrecon": replace(product, plans=plans)}
    found = rights(organization, ["gone", "billing", "devices_read"], role="viewer")
    told = [(each.scope, each.reason) for each in found.suspended]
    assert told == [("gone", "product"), ("billing", "role"), ("devices_read", "plan")]


def test_a_scope_that_implies_all_is_narrowed_after_it_is_opened():
    netallion = Organization(product_slug="netallion", plan_slug="starter")
    found = rights(netallion, ["admin"], role="viewer")
    assert found.effective == {"scan:read", "incidents:read"}


def test_a_credential_cannot_be_changed(credential):
    found = credential("scans_read")
    with pytest.raises(FrozenInstanceError):
        found.environment = "test"
    with pytest.raises(FrozenInstanceError):
        found.rights.effective = frozenset()


def test_a_capability_of_a_scope_asks_for_the_scope(credential):
    assert credential("scans_read").allows("scans_read")
    assert not credential("scans_write").allows("scans_read")
    # The role alone gives a key nothing.
    assert not credential("scans_write", role="owner").allows("scans_read")


def test_a_capability_of_a_role_is_a_persons(credential):
    assert not credential("api_keys_manage", role="owner").allows("audit_read")
    assert not credential("api_keys_manage").allows("audit_read")
    for role, allowed in (("member", False), ("admin", True), ("owner", True)):
        person = credential(role=role, kind=SESSION)
        assert person.allows("audit_read") is allowed


def test_who_covers_scopes_holds_all_of_them(credential):
    holder = credential("scans_read", "billing")
    assert not holder.lacks([])
    assert not holder.lacks(["scans_read", "billing"])
    assert holder.lacks(["scans_read", "scans_write"]) == ["scans_write"]


def test_nobody_covers_everything_without_holding_everything(credential):
    netallion = Organization(product_slug="netallion", plan_slug="starter")
    every = list(products()["netallion"].scopes)
    assert not credential("admin", of=netallion).lacks(every)
    most = credential("scan:read", "scan:write", "incidents:read", of=netallion)
    assert most.lacks(["admin"])


def test_ownership_passes_between_people_only(credential, organization):
    every = organization.product.scopes
    assert credential(*every, role="owner", kind=SESSION).may_give_role("owner")
    assert not credential(*every, role="admin", kind=SESSION).may_give_role("owner")
    assert not credential(*every, role="owner").may_give_role("owner")
    assert not credential(*every).may_give_role("owner")


def test_a_role_is_given_by_who_holds_its_scopes(credential, organization):
    product = organization.product
    for role in ("viewer", "member"):
        holds = credential(*product.scopes_of_role(role))
        assert holds.may_give_role(role)
        one_less = sorted(product.scopes_of_role(role))[1:]
        assert not credential(*one_less).may_give_role(role)


def test_a_role_that_opens_something_itself_is_given_by_people_who_have_it(
    credential, organization
):
    """The audit log asks for the role admin, which no scope stands for."""
    every = organization.product.scopes
    assert not credential(*every).may_give_role("admin")
    assert not credential(*every, role="owner").may_give_role("admin")
    for role, may in (("member", False), ("admin", True), ("owner", True)):
        person = credential(*every, role=role, kind=SESSION)
        assert person.may_give_role("admin") is may


def test_every_kind_of_credential_answers_the_same_questions(db):
    assert [kind.name for kind in kinds()] == [SESSION, API_KEY, OAUTH]
    nobody = User.objects.enter("nobody@acme.test")
    somewhere = Organization.objects.create(
        name="Acme", product_slug="netrecon", plan_slug="starter"
    )
    member = Membership.objects.create(
        user=nobody, organization=somewhere, role="member"
    )
    for kind in kinds():
        assert kind.carriers
        assert not kind.recognises("")
        assert not kind.recognises("hello")
        assert kind.find("hello") is None
        assert kind.held_by(nobody, somewhere) == []
        assert kind.names([]) == {}
        assert kind.departure(member) == Departure()
        assert kind.left(member, "member_removed", by=SYSTEM) == 0


def consented(person):
    """What a person lets an application do: its public id."""
    application = Application.objects.create(
        organization=person.organization, name="Bot", type="web", client_id="bot"
    )
    consent = Consent.objects.create(
        membership=person.membership, application=application, scopes=["scans_read"]
    )
    return consent.public_id


def test_held_keys_sign_ins_and_grants_are_named_and_ended(issue, bob):
    api_key = issue("scans_read", owner=bob, name="Night build")[0]
    bob.sign_in()
    of_bob = bob.user, bob.organization
    sessions, keys, grants = kinds()
    consent = consented(bob)
    assert keys.held_by(*of_bob) == [api_key.public_id]
    assert keys.names([api_key.public_id]) == {api_key.public_id: "Night build"}
    (session_id,) = sessions.held_by(*of_bob)
    assert sessions.names([session_id]) == {session_id: "Sign-in"}
    assert grants.held_by(*of_bob) == [consent]
    assert grants.names([consent]) == {consent: "Bot"}
    bob.membership.removed_at = timezone.now()
    bob.membership.save()
    for kind in kinds():
        assert kind.left(bob.membership, "member_removed", by=SYSTEM) == 1
        assert kind.held_by(*of_bob) == []
        assert kind.left(bob.membership, "member_removed", by=SYSTEM) == 0
