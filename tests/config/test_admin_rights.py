"""What addresses, forms and rights of the admin do not open."""

import pytest
from django.contrib.auth.models import Permission

from accounts import exports
from accounts.admin import deeds
from accounts.models import AuditEvent, Organization, User
from apikeys.models import ApiKey
from tests.operating import FACTORS, do, operate
from tests.surfing import surf

PEOPLE, KEYS = "/admin/accounts/user/", "/admin/apikeys/apikey/"


@pytest.fixture
def browser(carol):
    return operate(carol)


def row(path, person):
    return f"{path}{person.user.pk}/change/"


@pytest.mark.parametrize("rest", ["", "&format=csv", "&format=json"])
@pytest.mark.parametrize("column", ["password__startswith", "email_key", "pk__in"])
def test_no_address_asks_a_column_what_it_holds(browser, column, rest):
    """The hash of a password would be found letter by letter."""
    answer = browser.get(f"{PEOPLE}?{column}=a{rest}")
    assert answer.status_code == 400


@pytest.mark.parametrize("odd", ["environment=%00", "environment__regex=("])
def test_no_odd_filter_is_a_fault(browser, odd):
    """Of PostgreSQL's: SQLite takes them."""
    assert browser.get(f"{KEYS}?{odd}").status_code == 400


def test_what_filters_and_links_ask_is_answered(browser, alice, issue):
    issue("scans_read", name="Nightly")
    of = f"organization__id__exact={alice.organization.pk}"
    for query in (of, "environment__exact=live", "status=active", "is_service=0"):
        assert "Nightly" in browser.get(f"{KEYS}?{query}").content.decode()
    assert "Nightly" not in browser.get(f"{KEYS}?status=revoked").content.decode()


@pytest.mark.parametrize("wrong", ["organization__id__exact=x", "is_service__exact=x"])
def test_a_wrong_filter_is_told_to_who_wants_a_file_too(browser, wrong):
    answer = browser.get(f"{KEYS}?{wrong}&format=csv", follow=True)
    assert answer.status_code == 200
    assert "text/html" in answer["Content-Type"]


@pytest.mark.parametrize(
    "rest", ["change/", "history/", "delete/"], ids=lambda rest: rest.strip("/")
)
def test_staff_without_rights_learn_no_id(bob, alice, rest):
    User.objects.filter(pk=bob.user.pk).update(is_staff=True)
    browser = surf(bob, factors=FACTORS)
    answer = browser.get(f"{PEOPLE}{alice.user.pk}/{rest}")
    assert answer.status_code == 403
    assert alice.user.public_id not in str(answer.headers)


@pytest.mark.parametrize("path", ["accounts/user", "apikeys/apikey"])
def test_a_row_of_djangos_rights_gives_none(bob, issue, path):
    """Nobody is between who may all and who may nothing."""
    User.objects.filter(pk=bob.user.pk).update(is_staff=True)
    bob.user.user_permissions.set(Permission.objects.all())
    browser = surf(bob, factors=FACTORS)
    assert browser.get(f"/admin/{path}/").status_code == 403
    assert browser.get(f"{KEYS}{issue('scans_read')[0].pk}/rotate/").status_code == 403


@pytest.mark.parametrize("table", ["accounts/user", "apikeys/apikey"])
def test_too_many_rows_for_a_file_are_told_on_the_page(
    browser, issue, table, monkeypatch
):
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    issue("scans_read")
    issue("scans_read")
    page = browser.get(f"/admin/{table}/?format=csv", follow=True).content.decode()
    assert "Narrow the list first." in page


def test_no_more_rows_are_changed_than_the_question_can_name(browser, issue):
    for _ in range(deeds.MOST_ROWS + 2):
        issue("scans_read")
    body = {"action": "revoke", "select_across": "1", "sure": "yes", "reason": "other"}
    browser.post(KEYS, {**body, "_selected_action": "x"})
    assert ApiKey.objects.filter(revoked_at=None).count() == 2


def test_refusals_of_many_rows_fit_into_the_cookie(browser, issue):
    """A browser keeps no cookie of more than 4 KB, and so no message either."""
    names = ["".join(chr(0x4E00 + 97 * i + j) for j in range(95)) for i in range(25)]
    rows = [issue("scans_read", name=name)[0] for name in names]
    answer = do(browser, "apikeys/apikey", "restore", *rows)
    assert len(answer.cookies["session"].output()) < 4096
    page = browser.get(KEYS).content.decode()
    assert "The key is not revoked." in page
    assert "Not done to 20 more." in page


@pytest.mark.parametrize("name", ["a\nb", "a\u202eb", "a\x7fb"], ids=repr)
def test_names_are_visible_text(browser, alice, name):
    organization = f"/admin/accounts/organization/{alice.organization.pk}/change/"
    for path in (organization, row(PEOPLE, alice)):
        answer = browser.post(path, {"name": name, "plan_slug": "enterprise"})
        assert "Use visible characters" in answer.content.decode()
    assert not AuditEvent.objects.filter(action__endswith=".changed").exists()


@pytest.mark.parametrize("lost", ["product_slug", "plan_slug"])
def test_an_organization_whose_plan_is_gone_can_be_opened(browser, alice, issue, lost):
    rows = Organization.objects.filter(pk=alice.organization.pk)
    rows.update(**{lost: "gone"})
    path = f"/admin/accounts/organization/{alice.organization.pk}/change/"
    page = browser.get(path).content.decode()
    assert f'value="{rows.get().plan_slug}" selected' in page
    answer = browser.get(f"{KEYS}add/?organization={alice.organization.public_id}")
    assert "is in no product file" in answer.content.decode()
    do(browser, "accounts/organization", "suspend", rows.get(), reason="lost")
    assert not rows.get().is_active
