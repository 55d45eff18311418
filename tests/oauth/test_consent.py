"""Consent: asked once, remembered until it is withdrawn or outlived."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import Membership, User
from oauth import consents
from oauth.models import AccessToken, Application, Consent, Grant
from tests.cast import Person, person
from tests.oauth.conftest import App, Browser, address, register, sent_back
from tests.oauth.speaking import assert_dead, assert_lives, refused

pytestmark = pytest.mark.django_db


def asked(answer) -> bool:
    """Whether the page was shown."""
    return answer.status_code == 200 and "consent" in answer.templates[0].name


def scopes_of(consent: Consent) -> set[str]:
    consent.refresh_from_db()
    return set(consent.scopes)


def error_of(answer) -> str:
    assert answer.status_code == 303, answer
    told = sent_back(answer)
    assert told["iss"] == "http://localhost:8000"
    return told["error"]


@pytest.fixture
def vera(alice: Person) -> Browser:
    """The browser of a viewer of alice's organization."""
    return Browser(person("vera@acme.test", alice.organization, "viewer")).sign_in()


@pytest.fixture
def carols(carol: Person) -> Browser:
    return Browser(carol).sign_in()


def test_the_page_is_shown_once(app: App, alices: Browser):
    assert asked(alices.ask(app))
    alices.tokens(app)
    assert "code" in sent_back(alices.ask(app))


def test_it_is_remembered_after_every_token_has_ended(app: App, alices: Browser):
    alices.tokens(app)
    AccessToken.objects.all().delete()
    Grant.objects.all().delete()
    assert "code" in sent_back(alices.ask(app))


def test_withdrawn_it_is_asked_for_again(app: App, alices: Browser, alice: Person):
    first = alices.tokens(app)["access_token"]
    consent = Consent.objects.get()
    path = f"/api/v1/oauth-grants/{consent.public_id}"
    assert alice.call("DELETE", path).status_code == 204
    assert asked(alices.ask(app))
    second = alices.tokens(app)["access_token"]
    assert_lives(second)
    # What was ended once stays ended.
    assert_dead(first)


def test_less_than_was_consented_to_passes(app: App, alices: Browser):
    alices.tokens(app, scope="scans_read devices_read")
    narrower = alices.tokens(app, scope="devices_read")
    assert narrower["scope"] == "devices_read"
    assert scopes_of(Consent.objects.get()) == {"scans_read", "devices_read"}


def test_more_than_was_consented_to_asks_and_adds(app: App, alices: Browser):
    alices.tokens(app, scope="scans_read")
    assert asked(alices.ask(app, scope="scans_read devices_read"))
    alices.tokens(app, scope="devices_read")
    assert scopes_of(Consent.objects.get()) == {"scans_read", "devices_read"}


def test_a_wider_consent_leaves_older_tokens_as_they_were(app: App, alices: Browser):
    older = alices.tokens(app, scope="scans_read")
    alices.tokens(app, scope="scans_read devices_read")
    assert app.introspect(older["access_token"])["scope"] == "scans_read"
    assert app.refresh(older["refresh_token"]).json()["scope"] == "scans_read"


def test_one_application_is_not_another(app: App, alices: Browser, alice: Person):
    alices.tokens(app)
    assert asked(alices.ask(register(alice, name="Other")))


def test_one_person_is_not_another(app: App, alices: Browser, bobs: Browser):
    alices.tokens(app)
    assert asked(bobs.ask(app))


def test_one_organization_is_not_another(app: App, carol: Person, alice: Person):
    """Alice is in both; what she allowed in one is not allowed in the other."""
    Application.objects.update(published_at=timezone.now())
    elsewhere = Membership.objects.create(
        user=alice.user,
        organization=carol.organization,
        role="viewer",
        joined_at=timezone.now(),
    )
    consents.give(elsewhere, app.row, ["scans_read"], by=SYSTEM)
    shown = Browser(alice).sign_in().ask(app)
    assert asked(shown)
    assert shown.context["membership"] == alice.membership


def test_a_changed_password_ends_it(app: App, alices: Browser, alice: Person):
    token = alices.tokens(app)["access_token"]
    body = {"current_password": alice.password, "new_password": "walnut 77 harbour pie"}
    assert alice.call("POST", "/api/v1/auth/password", body).status_code == 204
    assert_dead(token)
    alice.user.refresh_from_db()
    alice.password = "walnut 77 harbour pie"
    browser = Browser(alice).sign_in()
    assert asked(browser.ask(app))
    assert_lives(browser.tokens(app)["access_token"])
    assert_dead(token)


def test_a_line_under_all_sign_ins_ends_it(app: App, alices: Browser, alice: Person):
    token = alices.tokens(app)["access_token"]
    later = timezone.now() + timedelta(microseconds=1)
    User.objects.filter(pk=alice.user.pk).update(credentials_valid_from=later)
    assert_dead(token)
    assert not Consent.objects.standing().exists()


def test_the_answer_of_another_person_in_another_tab_shows_the_page_again(
    app: App, alices: Browser, bob: Person
):
    shown = alices.ask(app)
    alices.person = bob
    alices.sign_in()
    body = {
        "csrfmiddlewaretoken": alices.client.cookies["csrf"].value,
        "membership": shown.context["membership"].public_id,
        "scopes": shown.context["given"],
    }
    answer = alices.client.post(address(app), body)
    assert asked(answer)
    assert answer.context["membership"] == bob.membership
    assert not Consent.objects.exists()


def test_an_answer_after_the_sign_out_goes_to_the_sign_in(app: App, alices: Browser):
    alices.ask(app)
    csrf = alices.client.cookies["csrf"].value
    body = {
        "csrfmiddlewaretoken": csrf,
        "membership": alices.person.membership.public_id,
    }
    out = alices.client.post("/logout", {"csrfmiddlewaretoken": csrf})
    assert out.status_code == 302
    answer = alices.client.post(address(app), body)
    assert answer.headers["Location"].startswith("/login?")


def test_an_answer_needs_the_pages_own_form(app: App, alices: Browser):
    body = {"membership": alices.person.membership.public_id}
    assert alices.client.post(address(app), body).status_code == 403
    assert not Consent.objects.exists()


def test_a_viewer_gives_what_a_viewer_has(app: App, vera: Browser):
    shown = vera.ask(app, scope="scans_read scans_write")
    assert [scope for scope, _words in shown.context["scopes"]] == ["scans_read"]
    assert [scope for scope, _words in shown.context["withheld"]] == ["scans_write"]
    tokens = vera.tokens(app, scope="scans_read scans_write")
    assert tokens["scope"] == "scans_read"


def test_what_was_withheld_is_not_given_by_a_higher_role_later(app: App, vera: Browser):
    tokens = vera.tokens(app, scope="scans_read scans_write")
    Membership.objects.filter(pk=vera.person.membership.pk).update(role="admin")
    assert app.refresh(tokens["refresh_token"]).json()["scope"] == "scans_read"


def test_nobody_is_asked_for_what_they_cannot_give(app: App, vera: Browser):
    answer = vera.ask(app, scope="scans_write users_manage")
    assert error_of(answer) == "access_denied"


def test_a_private_application_is_closed_to_strangers(app: App, carols: Browser):
    assert error_of(carols.ask(app)) == "access_denied"
    assert not Consent.objects.exists()


def test_a_published_application_is_open_to_strangers(app: App, carols: Browser):
    Application.objects.update(published_at=timezone.now())
    tokens = carols.tokens(app)
    consent = Consent.objects.get()
    assert consent.organization == carols.person.organization
    assert_lives(tokens["access_token"])


def test_a_published_application_says_that_it_belongs_to_others(
    app: App, carols: Browser
):
    Application.objects.update(published_at=timezone.now())
    assert "not your organization" in carols.ask(app).content.decode()


def test_a_published_application_is_closed_to_other_products(app: App, nadia: Person):
    Application.objects.update(published_at=timezone.now())
    answer = Browser(nadia).sign_in().ask(app)
    assert error_of(answer) == "access_denied"


def test_no_longer_published_its_strangers_tokens_end(app: App, carols: Browser):
    Application.objects.update(published_at=timezone.now())
    tokens = carols.tokens(app)
    Application.objects.update(published_at=None)
    assert_dead(tokens["access_token"])
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_person_signed_in_elsewhere_is_let_in_as_the_member_they_are(
    app: App, carol: Person, alice: Person
):
    member = Membership.objects.create(
        user=carol.user,
        organization=alice.organization,
        role="viewer",
        joined_at=timezone.now(),
    )
    shown = Browser(carol).sign_in().ask(app)
    assert shown.context["membership"] == member


def test_a_plan_without_applications_authorizes_none(
    app: App, alices: Browser, alice: Person
):
    alices.tokens(app)
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    told = sent_back(alices.ask(app))
    assert told["error"] == "unauthorized_client"
    assert "plan" in told["error_description"]


def test_a_disabled_application_sends_nobody_anywhere(app: App, alices: Browser):
    Application.objects.update(is_active=False)
    answer = alices.ask(app)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_cancel_is_told_to_the_application(app: App, alices: Browser):
    shown = alices.ask(app)
    body = {"csrfmiddlewaretoken": str(shown.context["csrf_token"])}
    path = address(app).replace("authorize?", "authorize/cancel?")
    answer = alices.client.post(path, body)
    assert error_of(answer) == "access_denied"
    assert sent_back(answer)["state"] == "opaque state"
    assert not Consent.objects.exists()


def test_cancel_leaves_what_was_allowed_before(app: App, alices: Browser):
    token = alices.tokens(app)["access_token"]
    shown = alices.ask(app, scope="scans_read devices_read")
    body = {"csrfmiddlewaretoken": str(shown.context["csrf_token"])}
    wider = address(app, scope="scans_read devices_read")
    alices.client.post(wider.replace("authorize?", "authorize/cancel?"), body)
    assert_lives(token)
    assert scopes_of(Consent.objects.get()) == {"scans_read"}


def test_cancel_sends_nobody_to_an_address_that_is_not_registered(
    app: App, alices: Browser
):
    shown = alices.ask(app)
    body = {"csrfmiddlewaretoken": str(shown.context["csrf_token"])}
    path = address(app, redirect_uri="https://evil.example/callback")
    answer = alices.client.post(path.replace("authorize?", "authorize/cancel?"), body)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_every_scope_stands_there_in_words(app: App, alices: Browser):
    page = alices.ask(app, scope="openid email scans_read").content.decode()
    for words in ("Read scan results", "See your e-mail address", "your-app.com"):
        assert words in page


def test_no_page_may_frame_it(app: App, alices: Browser):
    shown = alices.ask(app)
    assert "frame-ancestors 'none'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Frame-Options"] == "DENY"
