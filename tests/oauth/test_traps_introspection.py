"""Trap 15 of stock servers, and revocation: what who asks is told about a token."""

from __future__ import annotations

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import Person
from tests.oauth.conftest import FORM, MOUNTS, App, Browser, register
from tests.oauth.knocking import api, basic, form, get, is_alive, refused

# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.patient]
ENDPOINTS = [f"{mount}/{name}" for mount in MOUNTS for name in ("introspect", "revoke")]


def machine_token(owner: Person) -> str:
    machine = register(owner, type="machine")
    answer = machine.token(grant_type="client_credentials", scope="scans_read")
    token: str = answer.json()["access_token"]
    return token


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_stranger_learns_nothing_by_introspection(
    app: App, alices: Browser, carol: Person, nadia: Person, mount: str
):
    # Trap 15: every confidential client could ask about every token.
    tokens = alices.tokens(app, scope="openid email scans_read")
    ours = [tokens["access_token"], tokens["refresh_token"]]
    ours.append(machine_token(alices.person))
    for stranger in (register(carol), register(nadia), register(carol, type="machine")):
        stranger.mount = mount
        for text in (*ours, "nr_oat_nonsense"):
            assert stranger.introspect(text) == {"active": False}
    for text in ours:
        assert is_alive(register(alices.person, type="machine"), text)


def test_a_token_belongs_to_the_organization_of_who_consented(
    carol: Person, alice: Person, alices: Browser
):
    # Trap 15: not even the application's own organization looks into another one.
    published = register(carol, published_at=timezone.now())
    tokens = alices.tokens(published)
    for text in (tokens["access_token"], tokens["refresh_token"]):
        assert not is_alive(published, text)
        assert is_alive(register(alice), text)


@pytest.mark.parametrize("kind", ["spa", "native"])
def test_who_keeps_no_secret_cannot_introspect(
    alice: Person, alices: Browser, kind: str
):
    # Trap 15: anybody can name a public client.
    app = register(alice, type=kind)
    tokens = alices.tokens(app)
    refused(app.post("introspect", token=tokens["access_token"]), "invalid_client", 401)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_nobody_asks_without_proof(path: str, app: App, alices: Browser):
    # Trap 15: an unauthenticated question was answered by a bare 403.
    token = alices.tokens(app)["access_token"]
    proofs = [
        {},
        {"client_id": app.client_id},
        {"client_id": app.client_id, "client_secret": "nr_ocs_wrong"},
        {"client_id": "app_unknown", "client_secret": app.secret},
        {"client_secret": app.secret},
    ]
    for proof in proofs:
        answer = form(path, token=token, **proof)
        refused(answer, "invalid_client", 401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    person = {"Authorization": f"Bearer {alices.person.sign_in()['access_token']}"}
    refused(form(path, person, token=token), "invalid_client", 401)
    refused(form(path, {"Authorization": f"Bearer {token}"}), "invalid_client", 401)
    assert is_alive(app, token)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_token_in_the_address_is_never_looked_at(
    path: str, app: App, alices: Browser
):
    # Trap 15: the token was taken from the URL of a GET.
    token = alices.tokens(app)["access_token"]
    headers = basic(app.client_id, app.secret)
    refused(get(f"{path}?token={token}", **headers), "invalid_request", 400)
    refused(get(f"{path}?token=x", **headers), "invalid_request", 405)
    for query in (f"token={token}", "token=x", f"client_id={app.client_id}"):
        answer = form(f"{path}?{query}", headers, token=token)
        refused(answer, "invalid_request")
    assert is_alive(app, token)


def test_the_answer_says_whose_token_it_is(app: App, alices: Browser, settings):
    # Trap 15 and section 6: resource servers cannot do without `sub`.
    tokens = alices.tokens(app, scope="openid email scans_read")
    alice = alices.person
    for text, kind in (
        (tokens["access_token"], "Bearer"),
        (tokens["refresh_token"], "refresh_token"),
    ):
        told = app.introspect(text)
        assert told["active"] is True
        assert told["token_type"] == kind
        assert told["sub"] == alice.user.public_id
        assert told["username"] == "alice@acme.test"
        assert told["org"] == alice.organization.public_id
        assert told["iss"] == settings.PUBLIC_URL
        assert told["client_id"] == app.client_id
        assert told["scope"] == "openid email scans_read"
        assert told["iat"] < told["exp"]
    own = app.introspect(machine_token(alice))
    assert own["sub"] == own["client_id"]
    assert "username" not in own


def test_no_answer_is_kept_by_a_cache(app: App, alices: Browser):
    # Trap 15: the stock answer says nothing about caches.
    token = alices.tokens(app)["access_token"]
    for answer in (
        app.post("introspect", token=token),
        app.post("introspect", token="unknown"),
        app.post("revoke", token=token),
        app.post("revoke", token=token),
    ):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_foreign_application_revokes_nothing(
    app: App, alices: Browser, alice: Person, carol: Person
):
    # Section 7: a client could revoke the tokens of another one.
    tokens = alices.tokens(app)
    for other in (register(alice), register(carol), register(alice, type="spa")):
        for text in (tokens["access_token"], tokens["refresh_token"]):
            answer = other.post("revoke", token=text)
            assert (answer.status_code, answer.content) == (200, b"")
    assert is_alive(app, tokens["access_token"])
    assert is_alive(app, tokens["refresh_token"])


def test_a_revoked_access_token_is_refused_and_its_family_goes_on(
    app: App, alices: Browser
):
    tokens = alices.tokens(app)
    app.post("revoke", token=tokens["access_token"], token_type_hint="refresh_token")
    assert api(tokens["access_token"]).status_code == 401
    assert not is_alive(app, tokens["access_token"])
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_takes_its_access_tokens_along(
    app: App, alices: Browser
):
    tokens = alices.tokens(app)
    app.post("revoke", token=tokens["refresh_token"], token_type_hint="access_token")
    assert api(tokens["access_token"]).status_code == 401
    assert not is_alive(app, tokens["access_token"])
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_an_application_that_keeps_no_secret_revokes_its_own(
    alice: Person, alices: Browser
):
    app = register(alice, type="spa")
    tokens = alices.tokens(app)
    assert app.post("revoke", token=tokens["refresh_token"]).status_code == 200
    assert api(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_request_without_a_token_is_told_so(path: str, app: App):
    headers = basic(app.client_id, app.secret)
    for body in ("", "token=", "token_type_hint=access_token"):
        answer = Client(enforce_csrf_checks=True).post(
            path, body, content_type=FORM, headers=headers
        )
        refused(answer, "invalid_request")


def test_a_signed_access_token_ends_with_its_row(alice: Person, alices: Browser):
    # A signature that is right is no reason to take it.
    app = register(alice, access_token_format="jwt")
    tokens = alices.tokens(app)
    text = tokens["access_token"]
    assert jwt.get_unverified_header(text)["typ"] == "at+jwt"
    assert api(text).status_code == 200
    assert is_alive(app, text)
    app.post("revoke", token=text)
    assert api(text).status_code == 401
    assert not is_alive(app, text)
