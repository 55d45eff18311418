"""Who sees and manages applications: people of the organization with the right."""

from dataclasses import replace

import pytest

from accounts.product_rights import Requirement
from accounts.roles import Role
from oauth.models import Application
from tests.cast import person, send
from tests.oauth.registering import APPLICATIONS, ask, at, by_key, made, refused


@pytest.fixture
def application(alice):
    return made(alice)


def attempts(who_calls, application):
    """The answers to everything that can be done with an application."""
    rotation = f"{at(application)}/rotate-secret"
    return [
        who_calls("GET", at(application)),
        who_calls("PATCH", at(application), {"name": "Mine"}),
        who_calls("POST", rotation, {}),
        who_calls("DELETE", at(application)),
    ]


def test_a_stranger_finds_no_application(carol, application):
    for answer in attempts(carol.call, application):
        refused(answer, 404, "not_found")
    assert carol.call("GET", APPLICATIONS).json()["data"] == []


def test_a_colleague_without_the_right_is_refused(bob, application):
    answers = attempts(bob.call, application)
    wish = {"name": "Mine", "type": "native", "scopes": ["scans_read"]}
    answers.append(bob.call("GET", APPLICATIONS))
    answers.append(bob.call("POST", APPLICATIONS, wish))
    for answer in answers:
        body = refused(answer, 403, "forbidden")
        assert "admin" in body["detail"]
    assert Application.objects.get().name == "App"


def test_an_administrator_may_do_everything(alice, application):
    adam = person("adam@acme.test", alice.organization, Role.ADMIN)
    statuses = [answer.status_code for answer in attempts(adam.call, application)]
    assert statuses == [200, 200, 200, 204]
    assert made(adam)["name"] == "App"


def test_nobody_is_told_anything_without_a_credential(application):
    for answer in attempts(send, application):
        refused(answer, 401, "credential_required")


def test_an_id_of_another_kind_is_no_application(alice, issue):
    for name in ("app_x", issue()[0].public_id, "1", "%00"):
        answer = alice.call("GET", f"{APPLICATIONS}/{name}")
        refused(answer, 404, "not_found")


@pytest.mark.parametrize("environment", ["live", "test"])
def test_a_key_of_these_products_manages_none(issue, application, environment, alice):
    """Their guides give it to a role, and a role is a person's."""
    every = alice.organization.product.scopes
    key = issue(*every, environment=environment)[1]
    code = "forbidden" if environment == "live" else "environment_mismatch"
    for answer in attempts(lambda *call: by_key(key, *call), application):
        refused(answer, 403, code)


@pytest.fixture
def by_scope(settings, alice):
    """A product that gives the right to whoever holds a scope."""
    product = alice.organization.product
    right = Requirement(scope="api_keys_manage", role=None)
    capabilities = {**product.capabilities, "applications_manage": right}
    changed = replace(product, capabilities=capabilities)
    settings.PRODUCTS = {**settings.PRODUCTS, product.slug: changed}


def test_a_key_with_the_right_hands_on_no_more_than_it_holds(by_scope, issue):
    key = issue("api_keys_manage", "scans_read")[1]
    wish = {"name": "Bot", "type": "machine", "scopes": ["openid", "scans_read"]}
    assert by_key(key, "POST", APPLICATIONS, wish).status_code == 201
    wider = {**wish, "scopes": ["scans_read", "scans_write", "billing"]}
    body = refused(by_key(key, "POST", APPLICATIONS, wider), 403, "beyond_own_rights")
    assert body["missing"] == ["billing", "scans_write"]


def test_a_key_takes_over_no_application_that_may_do_more(by_scope, issue, alice):
    key = issue("api_keys_manage")[1]
    application = made(alice, "machine", scopes=["billing"])
    rotation = f"{at(application)}/rotate-secret"
    refused(by_key(key, "POST", rotation, {}), 403, "beyond_own_rights")
    taken = {"redirect_uris": ["https://evil.test/"]}
    refused(by_key(key, "PATCH", at(application), taken), 403, "beyond_own_rights")


def test_a_sandbox_key_has_no_applications(by_scope, issue, application):
    key = issue("api_keys_manage", "scans_read", environment="test")[1]
    for answer in attempts(lambda *call: by_key(key, *call), application):
        refused(answer, 403, "environment_mismatch")


def test_the_newest_stands_first_and_a_cursor_leads_on(alice, carol):
    made(carol)
    names = ["a", "b", "c"]
    for name in names:
        made(alice, name=name)
    seen, cursor = [], ""
    while cursor is not None:
        page = alice.call(
            "GET", f"{APPLICATIONS}?limit=2{cursor and '&cursor='}{cursor}"
        )
        seen += [each["name"] for each in page.json()["data"]]
        cursor = page.json()["next_cursor"]
    assert seen == names[::-1]


def test_a_list_costs_the_same_for_one_and_for_many(
    alice, django_assert_max_num_queries
):
    for name in "abcd":
        made(alice, name=name)
    alice.sign_in()
    with django_assert_max_num_queries(2):
        listed = alice.call("GET", APPLICATIONS).json()["data"]
    assert len(listed) == 4


def test_an_application_that_was_used_says_when_and_from_where(alice, application):
    asked = ask(alice)
    assert asked.json()["last_used_at"] is None
    Application.objects.update(
        last_used_at="2040-01-02T12:00:00Z", last_used_ip="192.0.2.7"
    )
    body = alice.call("GET", at(application)).json()
    assert body["last_used_at"] == "2040-01-02T12:00:00.000Z"
    assert body["last_used_ip"] == "192.0.2.7"
