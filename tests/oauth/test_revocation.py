"""Tokens that an application gives back (RFC 7009)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AuditEvent
from oauth.models import AccessToken, Grant
from tests.cast import Issue, Person
from tests.oauth.conftest import MOUNTS, App, Browser, bearer, register
from tests.oauth.speaking import assert_dead, assert_lives, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("mount", MOUNTS)
def test_an_access_token_ends_alone(app: App, alices: Browser, mount: str):
    tokens = alices.tokens(app)
    app.mount = mount
    answer = app.post("revoke", token=tokens["access_token"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert_dead(tokens["access_token"])
    assert_lives(app.refresh(tokens["refresh_token"]).json()["access_token"])


def test_a_refresh_token_ends_with_all_that_came_from_it(app: App, alices: Browser):
    first = alices.tokens(app)
    second = app.refresh(first["refresh_token"]).json()
    app.post("revoke", token=second["refresh_token"])
    assert_dead(first["access_token"])
    assert_dead(second["access_token"])
    refused(app.refresh(second["refresh_token"]), "invalid_grant")


def test_a_used_refresh_token_still_ends_its_family(app: App, alices: Browser):
    first = alices.tokens(app)
    second = app.refresh(first["refresh_token"]).json()
    app.post("revoke", token=first["refresh_token"])
    assert_dead(second["access_token"])


def test_another_authorization_of_the_same_person_goes_on(app: App, alices: Browser):
    phone, laptop = alices.tokens(app), alices.tokens(app)
    app.post("revoke", token=phone["refresh_token"])
    assert_dead(phone["access_token"])
    assert_lives(laptop["access_token"])
    assert app.refresh(laptop["refresh_token"]).status_code == 200


def test_consent_outlives_the_tokens(app: App, alices: Browser):
    app.post("revoke", token=alices.tokens(app)["refresh_token"])
    assert "code=" in alices.ask(app).headers["Location"]


def test_it_may_be_asked_for_by_json(app: App, alices: Browser):
    token = alices.tokens(app)["access_token"]
    body = {**app.proof, "token": token}
    answer = Client().post("/oauth/revoke", body, content_type="application/json")
    assert answer.status_code == 200
    assert_dead(token)


@pytest.mark.parametrize(
    "hint", ["access_token", "refresh_token", "id_token", "nonsense", ""]
)
def test_a_hint_about_the_type_decides_nothing(app: App, alices: Browser, hint: str):
    """RFC 7009 2.1: a wrong one must not be in the way."""
    tokens = alices.tokens(app)
    for text in (tokens["access_token"], tokens["refresh_token"]):
        app.post("revoke", token=text, token_type_hint=hint)
    assert_dead(tokens["access_token"])
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_twice_is_as_good_as_once(app: App, alices: Browser):
    tokens = alices.tokens(app)
    for _ in range(2):
        for text in (tokens["access_token"], tokens["refresh_token"]):
            assert app.post("revoke", token=text).status_code == 200


@pytest.mark.parametrize(
    "text", ["nonsense", "nr_oat_" + "a" * 72, "eyJ.eyJ.sig", "nr_live_x", "☃"]
)
def test_what_is_no_token_is_answered_alike(app: App, text: str):
    """RFC 7009 2.2: nothing is left to end, and that is what was wanted."""
    answer = app.post("revoke", token=text)
    assert (answer.status_code, answer.content) == (200, b"")


def test_without_a_token_it_is_refused(app: App):
    refused(app.post("revoke"), "invalid_request")


def test_it_is_asked_for_by_post_only(app: App):
    assert Client().get("/oauth/revoke").status_code == 405


def test_the_token_of_another_application_lives_on(
    app: App, alices: Browser, alice: Person, carol: Person
):
    tokens = alices.tokens(app)
    for other in (register(alice, name="Other"), register(carol)):
        for text in (tokens["access_token"], tokens["refresh_token"]):
            assert other.post("revoke", token=text).status_code == 200
    assert_lives(tokens["access_token"])
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_an_application_must_prove_itself(app: App, alices: Browser):
    token = alices.tokens(app)["access_token"]
    for liar in (App(app.row), App(app.row, "nr_ocs_wrong")):
        refused(liar.post("revoke", token=token), "invalid_client", 401)
    assert_lives(token)


@pytest.mark.parametrize("kind", ["spa", "native"])
def test_a_public_application_gives_its_own_back(
    alice: Person, alices: Browser, kind: str
):
    app = register(alice, type=kind)
    token = alices.tokens(app)["access_token"]
    assert app.post("revoke", token=token).status_code == 200
    assert_dead(token)


def test_an_application_of_its_own_gives_its_own_back(alice: Person):
    app = register(alice, type="machine", redirect_uris="")
    answer = app.token(grant_type="client_credentials", scope="scans_read")
    token = answer.json()["access_token"]
    app.post("revoke", token=token)
    assert_dead(token)


def test_without_the_plan_it_still_gives_back(app: App, alices: Browser, alice: Person):
    """Ending is never refused to whom it belongs."""
    tokens = alices.tokens(app)
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    assert app.post("revoke", token=tokens["refresh_token"]).status_code == 200
    assert Grant.objects.get().revoked_at is not None


def test_a_session_and_a_key_are_not_ended_here(app: App, alice: Person, issue: Issue):
    session = alice.sign_in()
    key = issue("scans_read")[1]
    for text in (session["access_token"], session["refresh_token"], key):
        assert app.post("revoke", token=text).status_code == 200
    assert_lives(session["access_token"])
    assert Client().get("/api/v1/scans", headers=bearer(key)).status_code == 200


def test_the_end_of_a_family_is_audited(app: App, alices: Browser):
    app.post("revoke", token=alices.tokens(app)["refresh_token"])
    event = AuditEvent.objects.get(action="oauth_tokens.revoked")
    assert event.organization == alices.person.organization
    assert event.details["reason"] == "revoked"
    assert event.details["application"] == app.client_id


def test_an_expired_token_may_be_given_back(app: App, alices: Browser):
    token = alices.tokens(app)["access_token"]
    AccessToken.objects.update(expires="2020-01-01T00:00:00Z")
    assert app.post("revoke", token=token).status_code == 200
