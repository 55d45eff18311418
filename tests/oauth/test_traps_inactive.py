"""Trap 11 of stock servers: who is disabled keeps everything. Here nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization, User
from oauth.models import Application
from tests.cast import Person
from tests.oauth.conftest import App, Browser, register, sent_back
from tests.oauth.knocking import api, is_alive, let_in, poll, refused

# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.patient]


@dataclass
class Held:
    """What an application of alice's got from bob, and one that may still ask."""

    app: App
    judge: App
    browser: Browser
    tokens: dict[str, Any]
    code: str


@pytest.fixture
def held(alice: Person, bob: Person) -> Held:
    app, browser = register(alice), Browser(bob).sign_in()
    tokens = browser.tokens(app, scope="openid scans_read")
    judge = register(alice, type="machine", name="Resource server")
    return Held(app, judge, browser, tokens, browser.code(app))


def person_disabled(held: Held) -> None:
    User.objects.filter(pk=held.browser.person.user.pk).update(is_active=False)


def membership_deactivated(held: Held) -> None:
    row = Membership.objects.filter(pk=held.browser.person.membership.pk)
    row.update(is_active=False)


def membership_removed(held: Held) -> None:
    row = Membership.objects.filter(pk=held.browser.person.membership.pk)
    row.update(removed_at=timezone.now())


def application_disabled(held: Held) -> None:
    Application.objects.filter(pk=held.app.row.pk).update(is_active=False)


def application_deleted(held: Held) -> None:
    rows = Application.objects.filter(pk=held.app.row.pk)
    rows.update(deleted_at=timezone.now())


def organization_suspended(held: Held) -> None:
    Organization.objects.filter(pk=held.app.row.organization_id).update(is_active=False)


def plan_lowered(held: Held) -> None:
    rows = Organization.objects.filter(pk=held.app.row.organization_id)
    rows.update(plan_slug="professional")


Reason = Callable[[Held], None]
OF_PERSON: list[Reason] = [person_disabled, membership_deactivated, membership_removed]
OF_APPLICATION: list[Reason] = [application_disabled, application_deleted]
OF_ORGANIZATION: list[Reason] = [organization_suspended, plan_lowered]
EVERY = [*OF_PERSON, *OF_APPLICATION, *OF_ORGANIZATION]
for_each = pytest.mark.parametrize(
    "happens", EVERY, ids=lambda reason: reason.__name__.replace("_", " ")
)


def expected_of_client(happens: Reason) -> tuple[str, int]:
    """What the application itself is told when it shows something of bob's."""
    if happens in OF_PERSON:
        return "invalid_grant", 400
    if happens in OF_APPLICATION:
        return "invalid_client", 401
    return "unauthorized_client", 400


@for_each
def test_the_api_is_closed(held: Held, happens: Reason):
    assert api(held.tokens["access_token"]).status_code == 200
    happens(held)
    answer = api(held.tokens["access_token"])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@for_each
def test_userinfo_is_closed(held: Held, happens: Reason):
    path = "/oauth/userinfo"
    assert api(held.tokens["access_token"], path).status_code == 200
    happens(held)
    assert api(held.tokens["access_token"], path).status_code == 401


@for_each
def test_no_code_is_redeemed(held: Held, happens: Reason):
    happens(held)
    error, status = expected_of_client(happens)
    refused(held.app.exchange(held.code), error, status)


@for_each
def test_nothing_is_refreshed(held: Held, happens: Reason):
    happens(held)
    error, status = expected_of_client(happens)
    refused(held.app.refresh(held.tokens["refresh_token"]), error, status)


@for_each
def test_a_refresh_that_was_answered_is_not_answered_again(held: Held, happens: Reason):
    renewed = held.app.refresh(held.tokens["refresh_token"])
    assert renewed.status_code == 200
    happens(held)
    error, status = expected_of_client(happens)
    refused(held.app.refresh(held.tokens["refresh_token"]), error, status)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    "happens",
    [*OF_PERSON, *OF_APPLICATION],
    ids=lambda reason: reason.__name__.replace("_", " "),
)
def test_introspection_calls_it_inactive(held: Held, happens: Reason, which: str):
    assert is_alive(held.judge, held.tokens[which])
    happens(held)
    assert held.judge.introspect(held.tokens[which]) == {"active": False}


@pytest.mark.parametrize("happens", OF_ORGANIZATION, ids=["suspended", "plan"])
def test_nobody_of_a_dead_organization_introspects(held: Held, happens: Reason):
    happens(held)
    answer = held.judge.post("introspect", token=held.tokens["access_token"])
    refused(answer, "unauthorized_client")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("happens", OF_ORGANIZATION, ids=["suspended", "plan"])
def test_a_token_of_a_dead_applications_organization_is_inactive_elsewhere(
    alice: Person, carol: Person, happens: Reason, which: str
):
    # A published application of alice's; the organization of carol asks.
    app = register(alice, published_at=timezone.now())
    browser, judge = Browser(carol).sign_in(), register(carol, type="machine")
    tokens = browser.tokens(app)
    assert is_alive(judge, tokens[which])
    happens(Held(app, judge, browser, tokens, ""))
    assert not is_alive(judge, tokens[which])
    assert api(tokens["access_token"]).status_code == 401


def test_an_application_that_is_published_no_more_loses_its_guests(
    alice: Person, carol: Person
):
    app = register(alice, published_at=timezone.now())
    judge = register(carol, type="machine")
    tokens = Browser(carol).sign_in().tokens(app)
    Application.objects.update(published_at=None)
    assert api(tokens["access_token"]).status_code == 401
    assert not is_alive(judge, tokens["refresh_token"])
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize(
    "happens",
    [*OF_APPLICATION, *OF_ORGANIZATION],
    ids=lambda reason: reason.__name__.replace("_", " "),
)
def test_an_application_of_its_own_stops_too(alice: Person, happens: Reason):
    app, judge = register(alice, type="machine"), register(alice)
    wish = {"grant_type": "client_credentials", "scope": "scans_read"}
    token = app.token(**wish).json()["access_token"]
    assert api(token).status_code == 200
    happens(Held(app, judge, Browser(alice), {}, ""))
    assert api(token).status_code == 401
    if happens in OF_APPLICATION:
        assert not is_alive(judge, token)
    error, status = expected_of_client(happens)
    refused(app.token(**wish), error, status)


@pytest.mark.parametrize(
    "happens", OF_PERSON, ids=lambda reason: reason.__name__.replace("_", " ")
)
def test_a_device_that_was_let_in_gets_nothing(
    alice: Person, held: Held, happens: Reason
):
    device = held.app.post("device_authorization", scope="scans_read").json()
    let_in(held.browser, device["user_code"])
    happens(held)
    refused(poll(held.app, device), "invalid_grant")


@for_each
def test_nobody_is_asked_for_consent(held: Held, happens: Reason):
    happens(held)
    answer = held.browser.ask(held.app, prompt="consent")
    if happens in OF_ORGANIZATION:
        # The session is over with its organization: sign-in or refusal, never a page.
        assert sent_back(answer)["error"] == "unauthorized_client"
    elif happens in OF_APPLICATION:
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
    else:
        assert answer.headers["Location"].startswith("/login?")


def test_what_was_disabled_by_mistake_works_again(held: Held):
    # Nothing is deleted by being disabled: the rows decide each time.
    User.objects.update(is_active=False)
    assert api(held.tokens["access_token"]).status_code == 401
    User.objects.update(is_active=True)
    assert api(held.tokens["access_token"]).status_code == 200
