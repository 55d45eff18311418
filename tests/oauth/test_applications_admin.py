"""Applications in the admin: words without digests, and a secret in one answer."""

import re

import pytest
from django.utils import timezone

from accounts import sealing
from accounts.audit import SYSTEM
from accounts.models import AuditEvent, User
from oauth import consents
from oauth.models import Application, Consent
from tests.oauth.registering import CALLBACK, made

pytestmark = pytest.mark.usefixtures("in_the_demo")

TABLE = "/admin/oauth/application/"
ADD = f"{TABLE}add/"


@pytest.fixture
def operator(carol):
    """An operator, whose own organization is another one."""
    User.objects.filter(pk=carol.user.pk).update(is_staff=True, is_superuser=True)
    return carol


@pytest.fixture
def browser(operator, browse):
    browser = browse()
    browser.log_in(operator)
    return browser


@pytest.fixture
def application(alice):
    return Application.objects.with_public_id(made(alice)["id"]).get()


@pytest.fixture
def wish(alice):
    return {
        "organization": alice.organization.public_id,
        "name": "Dashboard",
        "type": "web",
        "redirect_uris": f"{CALLBACK}\n{CALLBACK}/2",
        "scopes": "openid scans_read",
    }


def secret_in(answer):
    found = re.search(r"nr_ocs_[0-9a-f]{72}", answer.content.decode())
    return found[0] if found else None


def opens(application, secret):
    application.refresh_from_db()
    return application.has_secret(sealing.digests(secret), now=timezone.now())


def act(browser, action, *applications):
    chosen = [str(application.pk) for application in applications]
    fields = {"action": action, "_selected_action": chosen, "sure": "yes"}
    answer = browser.fill_in(TABLE, **fields)
    assert answer.status_code == 302


def audited(action):
    return AuditEvent.objects.get(action=action)


def test_an_operator_makes_one_and_sees_its_secret_once(browser, operator, alice, wish):
    answer = browser.fill_in(ADD, **wish)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    application = Application.objects.get()
    secret = secret_in(answer)
    assert opens(application, secret)
    assert application.client_id in answer.content.decode()
    assert application.organization == alice.organization
    assert application.redirects == [CALLBACK, f"{CALLBACK}/2"]
    assert application.scopes == ["openid", "scans_read"]
    assert audited("application.created").actor == operator.user.public_id
    for path in (TABLE, f"{TABLE}{application.pk}/change/", "/admin/"):
        page = browser.get(path)
        assert page.status_code == 200
        assert secret_in(page) is None
    assert not any(secret in str(morsel) for morsel in browser.cookies.values())


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("organization", "org_x", "no organization"),
        ("redirect_uris", "http://app.example.com", "https"),
        ("scopes", "scan:read", "Unknown scope"),
        ("name", "", "required"),
        ("type", "mainframe", "mainframe"),
    ],
)
def test_a_wrong_wish_comes_back_with_the_reason(browser, wish, field, value, said):
    answer = browser.fill_in(ADD, **{**wish, field: value})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Application.objects.exists()


def test_the_plan_binds_operators_too(browser, alice, wish):
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    assert "Enterprise" in browser.fill_in(ADD, **wish).content.decode()


def test_what_has_no_secret_says_so(browser, wish):
    answer = browser.fill_in(ADD, **{**wish, "type": "spa"})
    assert "no secret" in answer.content.decode()


def test_an_operator_makes_a_new_secret(browser, application):
    path = f"{TABLE}{application.pk}/rotate-secret/"
    assert path in browser.read(f"{TABLE}{application.pk}/change/")
    first = secret_in(browser.fill_in(path, grace_seconds=0))
    second = secret_in(browser.fill_in(path, grace_seconds=60))
    assert opens(application, first)
    assert opens(application, second)
    assert secret_in(browser.fill_in(path, grace_seconds=-1)) is None
    assert AuditEvent.objects.filter(action="application.secret_rotated").count() == 2
    assert secret_in(browser.get(path)) is None


def test_what_has_no_secret_gets_none(browser, alice):
    body = made(alice, "native")
    native = Application.objects.with_public_id(body["id"]).get()
    assert "It has none." in browser.read(f"{TABLE}{native.pk}/change/")
    answer = browser.fill_in(f"{TABLE}{native.pk}/rotate-secret/", grace_seconds=0)
    assert "no secret" in answer.content.decode()


def test_the_page_of_one_shows_words_and_no_digest(browser, application):
    page = browser.read(f"{TABLE}{application.pk}/change/")
    for word in (application.client_id, application.secret_hint, CALLBACK):
        assert word in page
    assert "digest" not in page
    assert bytes(application.secret_digest).hex() not in page
    assert 'name="_save"' not in page


def test_applications_are_turned_off_and_on_by_an_operator(
    browser, operator, application
):
    act(browser, "disable", application)
    application.refresh_from_db()
    assert not application.is_active
    event = audited("application.changed")
    assert (event.actor, event.target) == (
        operator.user.public_id,
        application.public_id,
    )
    act(browser, "enable", application)
    application.refresh_from_db()
    assert application.is_active


def test_only_what_is_published_serves_other_organizations(
    browser, application, alice, carol, nadia
):
    assert application.serves(alice.organization)
    assert not application.serves(carol.organization)
    act(browser, "publish", application)
    application.refresh_from_db()
    assert application.serves(carol.organization)
    assert not application.serves(nadia.organization)
    told = alice.call("GET", f"/api/v1/oauth-applications/{application.public_id}")
    assert told.json()["published"] is True
    act(browser, "publish", application)
    assert audited("application.published").target == application.public_id
    act(browser, "unpublish", application)
    application.refresh_from_db()
    assert not application.serves(carol.organization)
    assert audited("application.unpublished").target == application.public_id


def test_an_operator_takes_back_what_people_allowed(browser, application, alice, bob):
    for who in (alice, bob):
        consents.give(who.membership, application, ["scans_read"], by=SYSTEM)
    act(browser, "withdraw_consents", application)
    assert not Consent.objects.standing().exists()
    assert audited("application.consents_withdrawn").details == {"consents": 2}


def test_a_deleted_application_is_a_record_only(browser, application, alice):
    alice.call("DELETE", f"/api/v1/oauth-applications/{application.public_id}")
    act(browser, "enable", application)
    act(browser, "publish", application)
    application.refresh_from_db()
    assert (application.status, application.published_at) == ("deleted", None)
    path = f"{TABLE}{application.pk}/rotate-secret/"
    assert browser.get(path).status_code == 404


def test_staff_without_the_rights_of_an_operator_do_nothing(bob, browse, application):
    User.objects.filter(pk=bob.user.pk).update(is_staff=True)
    browser = browse()
    browser.log_in(bob)
    rotation = f"{TABLE}{application.pk}/rotate-secret/"
    for path in (TABLE, ADD, rotation):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize("table", ["grant", "accesstoken", "refreshtoken", "idtoken"])
def test_the_other_tables_are_not_shown(browser, table):
    assert browser.get(f"/admin/oauth/{table}/").status_code in (403, 404)
    assert f"/admin/oauth/{table}/" not in browser.read("/admin/")
