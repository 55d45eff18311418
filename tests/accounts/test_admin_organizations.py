"""Operators suspend an organization, and let it in again."""

import json

import pytest

from accounts.models import AuditEvent, Organization
from tests.cast import founder, send
from tests.operating import do, operate

TABLE = "accounts/organization"
SCANS = "/api/v1/scans"


@pytest.fixture
def browser(carol):
    return operate(carol)


def told(key):
    answer = send("GET", SCANS, X_API_KEY=key)
    return answer.status_code, answer.json().get("code")


def test_a_suspended_organization_is_let_in_again_as_it_was(browser, alice, issue):
    key = issue("scans_read")[1]
    assert told(key)[0] == 200
    do(browser, TABLE, "suspend", alice.organization, reason="unpaid")
    assert told(key)[1] == "organization_suspended"
    assert alice.call("GET", SCANS).status_code == 401
    do(browser, TABLE, "resume", alice.organization)
    assert told(key)[0] == 200
    actions = AuditEvent.objects.filter(target=alice.organization.public_id)
    assert list(actions.order_by("pk").values_list("action", flat=True))[-2:] == [
        "organization.suspended",
        "organization.resumed",
    ]


def test_a_second_time_changes_nothing(browser, alice):
    for _ in range(2):
        do(browser, TABLE, "suspend", alice.organization, reason="unpaid")
    assert AuditEvent.objects.filter(action="organization.suspended").count() == 1


def test_what_was_not_typed_into_stays_as_it_is_now(browser, alice):
    """Another operator suspends it while the form is open."""
    Organization.objects.filter(pk=alice.organization.pk).update(is_active=False)
    path = f"/admin/{TABLE}/{alice.organization.pk}/change/"
    form = {"name": "Acme 2", "plan_slug": "enterprise"}
    assert browser.post(path, form).status_code == 302
    row = Organization.objects.get(pk=alice.organization.pk)
    assert (row.name, row.is_active) == ("Acme 2", False)


def test_an_operator_does_not_shut_themselves_out(browser, carol):
    do(browser, TABLE, "suspend", carol.organization, reason="oops")
    page = browser.get(f"/admin/{TABLE}/").content.decode()
    assert "you would shut yourself out" in page
    assert Organization.objects.get(pk=carol.organization.pk).is_active


def test_the_list_is_a_file_too(browser, alice):
    answer = browser.get(f"/admin/{TABLE}/?format=json&q=acm")
    assert [row["name"] for row in json.loads(answer.content)["data"]] == ["Acme"]
    answer = browser.get(f"/admin/{TABLE}/?format=csv")
    assert answer.content.decode().splitlines()[0].startswith("name,product_slug")


def test_the_audit_log_says_who_and_what_by_name(browser, alice, carol):
    do(browser, TABLE, "suspend", alice.organization, reason="unpaid")
    page = browser.get("/admin/accounts/auditevent/?q=organization.suspended")
    said = page.content.decode()
    assert f"<bdi>{carol.user.email}</bdi>" in said
    assert "<bdi>Acme</bdi>" in said


def test_the_plans_are_those_of_the_product_files(browser):
    page = browser.get("/admin/plans/").content.decode()
    for word in ("NetRecon", "Netallion AI Assurance", "5,000", "api_keys_manage"):
        assert word in page
    assert "<form" not in page.partition("<main")[2]


@pytest.mark.parametrize("table", ["organization", "user", "session", "membership"])
def test_no_list_costs_more_for_more_rows(
    browser, table, alice, django_assert_max_num_queries
):
    path = f"/admin/accounts/{table}/"
    for number in range(12):
        founder(f"o{number}@x.test", f"X {number}", product="netrecon", plan="starter")
    with django_assert_max_num_queries(9):
        assert browser.get(path).status_code == 200
