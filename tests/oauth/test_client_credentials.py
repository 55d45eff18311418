"""Applications that act for themselves (RFC 6749 4.4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from oauth.models import AccessToken, Application, RefreshToken
from tests.cast import Person
from tests.oauth.conftest import MOUNTS, App, register
from tests.oauth.speaking import assert_dead, assert_lives, calls, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine(alice: Person) -> App:
    scopes = ["scans_read", "devices_read"]
    return register(alice, type="machine", redirect_uris="", scopes=scopes)


def ask(app: App, scope: str = "scans_read", **body: str) -> Any:
    return app.token(grant_type="client_credentials", scope=scope, **body)


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_secret_fetches_a_token_for_an_hour(machine: App, mount: str):
    machine.mount = mount
    answer = ask(machine)
    tokens = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    token = tokens.pop("access_token")
    assert token.startswith("nr_oat_")
    assert tokens == {"token_type": "bearer", "expires_in": 3600, "scope": "scans_read"}
    assert_lives(token)


def test_it_may_be_asked_for_by_json(machine: App):
    body = {
        **machine.proof,
        "grant_type": "client_credentials",
        "scope": "scans_read",
    }
    answer = Client().post("/oauth/token", body, content_type="application/json")
    assert_lives(answer.json()["access_token"])


def test_the_product_follows_the_application(nadia: Person):
    app = register(nadia, type="machine", redirect_uris="")
    tokens = ask(app, "scan:read").json()
    assert tokens["access_token"].startswith("cpf_oat_")
    assert tokens["token_type"] == "Bearer"
    assert_lives(tokens["access_token"])


def test_there_is_no_refresh_token(machine: App):
    assert "refresh_token" not in ask(machine).json()
    assert not RefreshToken.objects.exists()


@pytest.mark.parametrize("scope", ["openid", "profile", "scans_read email"])
def test_it_is_nobody_to_be_recognised(alice: Person, scope: str):
    app = register(alice, type="machine", redirect_uris="")
    refused(ask(app, scope), "invalid_scope")


@pytest.mark.parametrize(
    "scope", ["", "users_manage", "scans_read users_manage", "scan:read", "nonsense"]
)
def test_it_gets_what_it_was_made_for_and_no_more(machine: App, scope: str):
    refused(ask(machine, scope), "invalid_scope")
    assert not AccessToken.objects.exists()


def test_a_scope_counts_once(machine: App):
    assert ask(machine, "scans_read scans_read").json()["scope"] == "scans_read"


def test_a_token_does_what_its_scopes_say(machine: App):
    token = ask(machine, "devices_read").json()["access_token"]
    answer = calls(token)
    assert answer.status_code == 403
    assert answer.json()["missing"] == ["scans_read"]


def test_a_token_is_of_no_person(machine: App):
    token = ask(machine).json()["access_token"]
    told = calls(token, "/api/v1/auth/whoami").json()
    assert told["kind"] == "oauth"
    assert told["user"] is None
    assert calls(token, "/api/v1/oauth-grants").status_code == 403


@pytest.mark.parametrize("kind", ["web", "spa", "native"])
def test_other_types_of_applications_act_for_people_only(alice: Person, kind: str):
    refused(ask(register(alice, type=kind)), "unauthorized_client")


def test_a_machine_acts_for_nobody_else(machine: App):
    answer = machine.exchange("oauth_code_nonsense")
    refused(answer, "unauthorized_client")
    refused(machine.refresh("nr_ort_nonsense"), "unauthorized_client")


def test_a_wrong_secret_fetches_nothing(machine: App):
    for secret in ("", "nr_ocs_wrong", machine.secret[:-1] + "x"):
        refused(ask(App(machine.row, secret)), "invalid_client", 401)


def test_each_answer_is_a_new_token(machine: App):
    first, second = (ask(machine).json()["access_token"] for _ in range(2))
    assert first != second
    assert_lives(first)
    assert_lives(second)


def test_narrowing_the_application_narrows_its_tokens(machine: App):
    token = ask(machine, "scans_read devices_read").json()["access_token"]
    Application.objects.update(scopes=["devices_read"])
    assert calls(token).status_code == 403
    assert machine.introspect(token)["scope"] == "devices_read"


def test_a_disabled_application_has_no_tokens(machine: App):
    token = ask(machine).json()["access_token"]
    Application.objects.update(is_active=False)
    assert calls(token).json()["code"] == "application_inactive"
    refused(ask(machine), "invalid_client", 401)


def test_a_suspended_organization_has_no_tokens(machine: App, alice: Person):
    token = ask(machine).json()["access_token"]
    alice.organization.is_active = False
    alice.organization.save()
    assert_dead(token)
    refused(ask(machine), "unauthorized_client")


def test_a_plan_without_applications_has_no_tokens(machine: App, alice: Person):
    token = ask(machine).json()["access_token"]
    alice.organization.plan_slug = "professional"
    alice.organization.save()
    assert_dead(token)
    told = refused(ask(machine), "unauthorized_client")
    assert "plan" in told["error_description"]


def test_its_person_may_leave_without_ending_it(machine: App, alice: Person):
    token = ask(machine).json()["access_token"]
    alice.user.is_active = False
    alice.user.save()
    assert_lives(token)
