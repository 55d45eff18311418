"""What operators do to keys: issue, rotate, end, bring back, prolong, find."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, User
from apikeys.models import ApiKey
from tests.cast import send
from tests.operating import do, nonce_in, operate
from tests.surfing import surf

TABLE = "apikeys/apikey"
ADD, FIND = f"/admin/{TABLE}/add/", f"/admin/{TABLE}/find/"


@pytest.fixture
def browser(carol):
    return operate(carol)


@pytest.fixture
def fill_in(browser):
    """fill_in(path, **fields) -> the answer to a form with its nonce, and the body."""

    def send_form(path, **fields):
        body = {**fields, "form_nonce": nonce_in(browser.get(path))}
        return browser.post(path, body), body

    return send_form


def status(key):
    return send("GET", "/api/v1/scans", X_API_KEY=key).status_code


def secret_in(answer):
    page = answer.content.decode()
    found = page.partition('id="secret" data-secret>')[2].partition("<")[0]
    return found


def wish(**fields):
    return {"name": "Ops", "environment": "live", "scopes": ["scans_read"], **fields}


def test_a_key_is_issued_for_an_organization_and_shown_once(fill_in, browser, alice):
    path = f"{ADD}?organization={alice.organization.public_id}"
    answer, body = fill_in(path, **wish())
    assert "no-store" in answer["Cache-Control"]
    key = secret_in(answer)
    assert status(key) == 200
    again = browser.post(path, body).content.decode()
    assert ApiKey.objects.count() == 1
    assert key not in again
    assert "This was sent before" in again
    api_key = ApiKey.objects.get()
    assert (api_key.membership, api_key.organization) == (None, alice.organization)
    for page in (f"/admin/{TABLE}/", f"/admin/{TABLE}/{api_key.pk}/change/", "/admin/"):
        assert key not in browser.get(page).content.decode()
    assert key not in str(browser.cookies)


@pytest.mark.parametrize(
    ("field", "value"),
    [("scopes", ["scan:read"]), ("name", ""), ("expires_at", "2001-01-01")],
)
def test_a_wrong_wish_comes_back_with_what_was_typed(fill_in, alice, field, value):
    path = f"{ADD}?organization={alice.organization.public_id}"
    answer, _body = fill_in(path, **wish(**{field: value}))
    page = answer.content.decode()
    assert 'class="error"' in page
    assert 'value="scans_read"' in page
    assert not ApiKey.objects.exists()


def test_without_an_organization_it_is_asked_for_which(browser):
    assert "begins with org_" in browser.get(ADD).content.decode()
    assert "no organization" in browser.get(f"{ADD}?organization=x").content.decode()
    assert not ApiKey.objects.exists()


def test_a_form_without_its_nonce_makes_nothing(browser, alice):
    browser.post(f"{ADD}?organization={alice.organization.public_id}", wish())
    assert not ApiKey.objects.exists()


def test_an_operator_rotates_a_key_of_an_organization(fill_in, browser, issue):
    api_key, old = issue("scans_read")
    path = f"/admin/{TABLE}/{api_key.pk}/rotate/"
    answer, body = fill_in(path, grace_seconds="0")
    new = secret_in(answer)
    assert (status(old), status(new)) == (401, 200)
    assert new not in browser.post(path, body).content.decode()
    assert status(new) == 200


def test_nobody_is_given_the_secret_of_a_persons_key(fill_in, issue, bob):
    api_key, old = issue("scans_read", owner=bob)
    answer, _body = fill_in(f"/admin/{TABLE}/{api_key.pk}/rotate/", grace_seconds="0")
    assert "Only its owner" in answer.content.decode()
    assert status(old) == 200


def test_many_are_revoked_after_one_question(browser, issue):
    made = [issue("scans_read") for _ in range(3)]
    chosen = {"action": "revoke", "_selected_action": [str(row.pk) for row, _ in made]}
    asked = browser.post(f"/admin/{TABLE}/", {**chosen, "index": "0"})
    page = asked.content.decode()
    assert all(row.name in page for row, _ in made)
    assert [status(key) for _, key in made] == [200, 200, 200]
    do(browser, TABLE, "revoke", *[row for row, _ in made], reason="unused")
    assert [status(key) for _, key in made] == [401, 401, 401]
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == 3


def test_a_revoked_key_is_restored_unless_it_leaked(browser, issue):
    api_key, key = issue("scans_read")
    do(browser, TABLE, "revoke", api_key, reason="other")
    do(browser, TABLE, "restore", api_key)
    assert status(key) == 200
    do(browser, TABLE, "revoke", api_key, reason="leaked")
    do(browser, TABLE, "restore", api_key)
    assert status(key) == 401
    assert "leaked" in browser.get(f"/admin/{TABLE}/").content.decode()


def test_a_key_that_rests_is_let_in_again(browser, issue):
    api_key, key = issue("scans_read")
    do(browser, TABLE, "disable", api_key)
    assert status(key) == 401
    do(browser, TABLE, "enable", api_key)
    assert status(key) == 200


def test_a_key_ends_later_and_never_earlier(browser, issue):
    soon = timezone.now() + timedelta(days=3)
    api_key, _key = issue("scans_read", expires_at=soon)
    early = f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"
    do(browser, TABLE, "extend", api_key, expires_at=early)
    api_key.refresh_from_db()
    assert api_key.expires_at == soon
    late = timezone.now() + timedelta(days=30)
    do(browser, TABLE, "extend", api_key, expires_at=f"{late:%Y-%m-%d}")
    api_key.refresh_from_db()
    assert f"{api_key.expires_at:%F %T}" == f"{late:%F} 23:59:59"
    assert AuditEvent.objects.filter(action="api_key.changed").count() == 1


def test_a_service_key_is_appointed_and_dismissed(browser, issue):
    api_key, _key = issue("api_keys_manage")
    do(browser, TABLE, "judge_product", api_key)
    api_key.refresh_from_db()
    assert api_key.is_service
    do(browser, TABLE, "judge_organization", api_key)
    api_key.refresh_from_db()
    assert not api_key.is_service


def test_the_owner_of_a_pasted_key_is_found_also_when_it_is_dead(browser, issue, bob):
    key = issue("scans_read", owner=bob, name="Laptop")[1]
    ApiKey.objects.revoke("unused")
    answer = browser.post(FIND, {"key": f"  {key}\n"})
    page = answer.content.decode()
    for word in ("Laptop", bob.user.email, "Acme", "revoked"):
        assert word in page
    assert key not in page
    assert key[20:40] not in page
    events = AuditEvent.objects.values_list("details", flat=True)
    assert key not in str(list(events))
    assert key not in str(browser.cookies)


@pytest.mark.parametrize(
    "text", ["nr_live_x", "x" * 600, "<b>", "\0", "nr_live_" + "0" * 48]
)
def test_what_is_no_key_is_said_to_be_none(browser, text):
    answer = browser.post(FIND, {"key": text})
    assert answer.status_code == 200
    assert text not in answer.content.decode().partition("<main")[2]


def test_staff_without_rights_reach_none_of_it(bob, alice, issue):
    api_key, key = issue("scans_read")
    User.objects.filter(pk=bob.user.pk).update(is_staff=True)
    browser = surf(bob, factors=["pwd", "otp"])
    for path in (ADD, FIND, f"/admin/{TABLE}/{api_key.pk}/rotate/", f"/admin/{TABLE}/"):
        assert browser.get(path).status_code == 403
        assert browser.post(path, {"key": key}).status_code == 403


def test_the_list_costs_no_more_for_more_keys(
    browser, issue, django_assert_max_num_queries
):
    issue("scans_read")
    with django_assert_max_num_queries(7):
        browser.get(f"/admin/{TABLE}/")
    for _ in range(20):
        issue("scans_read")
    with django_assert_max_num_queries(7):
        page = browser.get(f"/admin/{TABLE}/").content
    assert len(page) < 30_000
