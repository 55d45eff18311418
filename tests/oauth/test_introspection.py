"""What a resource server is told about a token (RFC 7662)."""

from __future__ import annotations

import base64
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oauth.models import (
    AccessToken,
    Application,
    Consent,
    Grant,
    RefreshToken,
)
from tests.accounts.conftest import clock as clock
from tests.cast import Issue, Person
from tests.oauth.conftest import FORM, MOUNTS, App, Browser, register
from tests.oauth.speaking import age_sign_ins, refused

pytestmark = pytest.mark.django_db

INACTIVE = {"active": False}


@pytest.fixture
def service(alice: Person) -> App:
    """A product's own service: it only asks."""
    return register(alice, name="Scan API", type="machine", redirect_uris="")


def own_token(app: App) -> str:
    answer = app.token(grant_type="client_credentials", scope="scans_read")
    token: str = answer.json()["access_token"]
    return token


@pytest.mark.parametrize("mount", MOUNTS)
def test_an_access_token_is_told_in_full(
    app: App, service: App, alices: Browser, mount: str, clock
):
    age_sign_ins(hours=1)
    tokens = alices.tokens(app, scope="scans_read openid email")
    service.mount = mount
    now, person = int(time.time()), alices.person
    assert service.introspect(tokens["access_token"]) == {
        "active": True,
        "iss": "http://localhost:8000",
        "client_id": app.client_id,
        "sub": person.user.public_id,
        "aud": "http://localhost:8000",
        "scope": "scans_read openid email",
        "username": "alice@acme.test",
        "token_type": "Bearer",
        "iat": now,
        "exp": now + 3600,
        "auth_time": now - 3600,
        "jti": AccessToken.objects.get().public_id,
        "org": person.organization.public_id,
    }


def test_a_refresh_token_is_told_too(app: App, service: App, alices: Browser):
    told = service.introspect(alices.tokens(app)["refresh_token"])
    assert told["active"] is True
    assert told["token_type"] == "refresh_token"
    assert told["sub"] == alices.person.user.public_id
    assert told["client_id"] == told["aud"] == app.client_id
    assert told["jti"] == RefreshToken.objects.get().public_id


def test_the_address_is_told_only_where_it_was_consented_to(
    app: App, service: App, alices: Browser
):
    told = service.introspect(alices.tokens(app)["access_token"])
    assert "username" not in told


def test_an_application_of_its_own_is_its_own_subject(service: App):
    told = service.introspect(own_token(service))
    assert told["sub"] == told["client_id"] == service.client_id
    assert "auth_time" not in told


def test_the_answer_is_kept_nowhere(service: App):
    answer = service.post("introspect", token=own_token(service))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


def test_basic_authentication_is_taken(service: App):
    pair = base64.b64encode(f"{service.client_id}:{service.secret}".encode()).decode()
    answer = Client().post(
        "/oauth/introspect",
        f"token={own_token(service)}",
        content_type=FORM,
        headers={"Authorization": f"Basic {pair}"},
    )
    assert answer.json()["active"] is True


def test_it_is_asked_for_by_post_only(service: App):
    answer = Client().get("/oauth/introspect")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST, OPTIONS"


def test_a_token_of_another_organization_is_inactive(
    app: App, alices: Browser, carol: Person
):
    tokens = alices.tokens(app)
    other = register(carol)
    assert other.introspect(tokens["access_token"]) == INACTIVE
    assert other.introspect(tokens["refresh_token"]) == INACTIVE


def test_a_published_application_tells_its_owner_nothing_of_others_people(
    app: App, carol: Person
):
    Application.objects.update(published_at=timezone.now())
    tokens = Browser(carol).sign_in().tokens(app)
    assert app.introspect(tokens["access_token"]) == INACTIVE
    theirs = register(carol, type="machine", redirect_uris="")
    assert theirs.introspect(tokens["access_token"])["active"] is True


@pytest.mark.parametrize("kind", ["spa", "native"])
def test_a_public_application_is_refused(alice: Person, alices: Browser, kind: str):
    app = register(alice, type=kind)
    token = alices.tokens(app)["access_token"]
    refused(app.post("introspect", token=token), "invalid_client", 401)


def test_without_the_plan_nothing_is_told(service: App, alice: Person):
    token = own_token(service)
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    refused(service.post("introspect", token=token), "unauthorized_client")


def test_a_token_is_needed(service: App):
    refused(service.post("introspect"), "invalid_request")


def test_what_is_no_oauth_token_is_inactive(
    service: App, app: App, alices: Browser, alice: Person, issue: Issue
):
    session = alice.sign_in()
    for text in (
        "nonsense",
        "nr_oat_" + "a" * 72,
        "eyJ.eyJ.sig",
        "☃",
        session["access_token"],
        session["refresh_token"],
        issue("scans_read")[1],
        alices.tokens(app, scope="openid")["id_token"],
        alices.code(app, scope="openid"),
        app.secret,
    ):
        assert service.introspect(text) == INACTIVE, text


def _expire(tokens: dict[str, Any]) -> None:
    past = timezone.now() - timedelta(seconds=1)
    AccessToken.objects.update(expires=past)
    RefreshToken.objects.update(expires=past)


ENDINGS = {
    "expired": _expire,
    "family revoked": lambda tokens: Grant.objects.update(revoked_at=timezone.now()),
    "consent withdrawn": lambda tokens: Consent.objects.all().withdraw("withdrawn"),
    "application disabled": lambda tokens: Application.objects.filter(
        type="web"
    ).update(is_active=False),
    "application deleted": lambda tokens: Application.objects.filter(type="web").update(
        deleted_at=timezone.now()
    ),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_what_has_ended_is_inactive_and_nothing_else_is_told(
    app: App, service: App, alices: Browser, ending
):
    tokens = alices.tokens(app)
    assert service.introspect(tokens["access_token"])["active"] is True
    ending(tokens)
    assert service.introspect(tokens["access_token"]) == INACTIVE
    assert service.introspect(tokens["refresh_token"]) == INACTIVE


def test_a_person_who_left_makes_their_tokens_inactive(
    app: App, service: App, bobs: Browser
):
    tokens = bobs.tokens(app)
    bobs.person.user.is_active = False
    bobs.person.user.save()
    assert service.introspect(tokens["access_token"]) == INACTIVE
    assert service.introspect(tokens["refresh_token"]) == INACTIVE


def test_a_used_refresh_token_is_inactive(app: App, service: App, alices: Browser):
    first = alices.tokens(app)["refresh_token"]
    second = app.refresh(first).json()["refresh_token"]
    assert service.introspect(first) == INACTIVE
    assert service.introspect(second)["active"] is True


def test_the_scope_is_what_has_effect_now(app: App, service: App, alices: Browser):
    tokens = alices.tokens(app, scope="scans_read users_manage")
    member = alices.person.membership
    member.role = "member"
    member.save()
    assert service.introspect(tokens["access_token"])["scope"] == "scans_read"
    assert service.introspect(tokens["refresh_token"])["scope"] == "scans_read"


def test_a_hint_about_the_type_decides_nothing(app: App, service: App, alices: Browser):
    tokens = alices.tokens(app)
    for hint in ("access_token", "refresh_token", "nonsense"):
        for text in (tokens["access_token"], tokens["refresh_token"]):
            answer = service.post("introspect", token=text, token_type_hint=hint)
            assert answer.json()["active"] is True
