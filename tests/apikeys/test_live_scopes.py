"""What a key may do is what was granted and what role, plan and product allow now."""

from dataclasses import replace

import pytest

from accounts.roles import Role
from tests.cast import send

WHOAMI = "/api/v1/auth/whoami"


@pytest.fixture
def whoami():
    def ask(key):
        return send("GET", WHOAMI, X_API_KEY=key).json()

    return ask


@pytest.fixture
def become():
    """become(bob, "viewer"): his role changes, as an administrator would change it."""

    def change(person, role):
        person.membership.role = role
        person.membership.save()

    return change


@pytest.fixture
def sell(settings):
    """sell(organization, scopes): its plan has these scopes and no others."""

    def limit(organization, scopes):
        product = organization.product
        plan = replace(organization.plan, scopes=frozenset(scopes))
        changed = replace(product, plans={**product.plans, plan.slug: plan})
        settings.PRODUCTS = {**settings.PRODUCTS, product.slug: changed}

    return limit


def reasons(body):
    return {row["scope"]: row["reason"] for row in body["suspended_scopes"]}


def test_whoami_explains_a_key(issue, alice):
    api_key, key = issue("scans_read", "devices_read")
    assert send("GET", WHOAMI, X_API_KEY=key).json() == {
        "kind": "api_key",
        "credential_id": api_key.public_id,
        "product": "netrecon",
        "organization": alice.organization.public_id,
        "user": None,
        "plan": "enterprise",
        "environment": "live",
        "scopes": ["devices_read", "scans_read"],
        "granted_scopes": ["scans_read", "devices_read"],
        "suspended_scopes": [],
        "expires_at": None,
    }


def test_whoami_names_the_person_of_a_personal_key(issue, bob, whoami):
    key = issue("scans_read", owner=bob)[1]
    assert whoami(key)["user"] == bob.user.public_id


def test_a_lower_role_suspends_scopes_of_personal_keys_at_once(
    issue, bob, become, whoami, call
):
    key = issue("scans_read", "scans_write", owner=bob)[1]
    body = {"scope": "full"}
    assert call(key, "POST", "/api/v1/scans", body).status_code == 201
    become(bob, Role.VIEWER)
    refused = call(key, "POST", "/api/v1/scans", body)
    assert (refused.status_code, refused.json()["missing"]) == (403, ["scans_write"])
    told = whoami(key)
    assert told["scopes"] == ["scans_read"]
    assert told["granted_scopes"] == ["scans_read", "scans_write"]
    assert reasons(told) == {"scans_write": "role"}
    become(bob, Role.MEMBER)
    assert call(key, "POST", "/api/v1/scans", body).status_code == 201


def test_a_role_suspends_nothing_of_the_organizations_keys(
    issue, alice, become, whoami
):
    key = issue("billing", "users_manage")[1]
    become(alice, Role.VIEWER)
    assert whoami(key)["scopes"] == ["billing", "users_manage"]


def test_a_role_gives_a_key_nothing_that_was_not_granted(issue, bob, become, whoami):
    key = issue("scans_read", owner=bob)[1]
    become(bob, Role.OWNER)
    assert whoami(key)["scopes"] == ["scans_read"]


def test_a_smaller_plan_suspends_scopes_at_once(issue, alice, sell, whoami, call):
    key = issue("scans_read", "billing")[1]
    sell(alice.organization, ["billing"])
    refused = call(key)
    assert (refused.status_code, refused.json()["missing"]) == (403, ["scans_read"])
    assert reasons(whoami(key)) == {"scans_read": "plan"}
    sell(alice.organization, ["billing", "scans_read"])
    assert call(key).status_code == 200


def test_a_plan_holds_for_people_too(alice, sell):
    sell(alice.organization, ["billing"])
    told = alice.call("GET", WHOAMI).json()
    assert told["scopes"] == ["billing"]
    assert reasons(told)["scans_read"] == "plan"
    assert alice.call("GET", "/api/v1/scans").status_code == 403


def test_a_scope_that_left_the_product_is_worth_nothing(
    issue, alice, settings, whoami, call
):
    key = issue("scans_read", "cve_read")[1]
    product = alice.organization.product
    left = {word: scope for word, scope in product.scopes.items() if word != "cve_read"}
    settings.PRODUCTS = {
        **settings.PRODUCTS,
        product.slug: replace(product, scopes=left),
    }
    assert whoami(key)["scopes"] == ["scans_read"]
    assert reasons(whoami(key)) == {"cve_read": "product"}
    assert call(key).status_code == 200


def test_a_key_without_scopes_may_nothing_but_ask_who_it_is(issue, whoami, call):
    key = issue()[1]
    assert whoami(key)["scopes"] == []
    for path in ("/api/v1/scans", "/api/v1/workspaces", "/api/v1/users"):
        assert call(key, "GET", path).json()["code"] == "insufficient_scope"


def test_admin_of_netallion_implies_every_scope_and_no_other_scope_does(
    issue, nadia, whoami
):
    every = sorted(nadia.organization.product.scopes)
    assert whoami(issue("admin", owner=nadia)[1])["scopes"] == every
    for scope in ("scan:read", "scan:write", "incidents:read"):
        assert whoami(issue(scope, owner=nadia)[1])["scopes"] == [scope]


def test_what_admin_implies_ends_where_the_role_ends(issue, nadia, become, whoami):
    key = issue("admin", owner=nadia)[1]
    become(nadia, Role.MEMBER)
    told = whoami(key)
    assert told["scopes"] == ["incidents:read", "scan:read", "scan:write"]
    assert reasons(told) == {"admin": "role"}
    become(nadia, Role.VIEWER)
    assert whoami(key)["scopes"] == ["incidents:read", "scan:read"]


def test_a_narrow_key_of_an_owner_does_not_act_with_the_owners_role(issue, alice):
    """The audit log asks for a role; a role is a person's, never a key's."""
    key = issue(*alice.organization.product.scopes, owner=alice)[1]
    refused = send("GET", "/api/v1/audit-events", X_API_KEY=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert alice.call("GET", "/api/v1/audit-events").status_code == 200


def test_a_missing_scope_is_named_in_the_challenge_too(issue, call):
    refused = call(issue("billing")[1])
    assert refused.json()["missing"] == ["scans_read"]
    assert refused.headers["WWW-Authenticate"].startswith(
        'Bearer realm="doorward", error="insufficient_scope", scope="scans_read", '
    )
