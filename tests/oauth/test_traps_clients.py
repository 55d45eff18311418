"""Traps 20 and 27 of stock servers: how an application proves itself."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import sealing
from oauth import clients, looks
from oauth.models import Application
from tests.cast import Person
from tests.oauth.conftest import (
    CALLBACK,
    MOUNTS,
    App,
    Browser,
    pkce,
    register,
    sent_back,
)
from tests.oauth.knocking import MACHINE, basic, form, refused

pytestmark = pytest.mark.django_db
WISH = {"grant_type": "client_credentials", "scope": "scans_read"}


@pytest.fixture
def machine(alice: Person) -> App:
    return register(alice, type="machine")


def ask(headers: Any = None, **body: str) -> Any:
    return form("/oauth/token", headers, **WISH, **body)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bAsIc"])
def test_the_name_of_the_scheme_has_no_case(machine: App, scheme: str):
    # Trap 20: "basic" failed.
    assert ask(basic(machine.client_id, machine.secret, scheme)).status_code == 200


@pytest.mark.parametrize("endpoint", MACHINE)
@pytest.mark.parametrize("mount", MOUNTS)
def test_a_failed_client_is_asked_for_basic(app: App, mount: str, endpoint: str):
    # Trap 20: a failed Basic was answered by a Bearer challenge.
    body = {"grant_type": "client_credentials", "token": "x"}
    for headers in ({}, basic(app.client_id, "nr_ocs_wrong"), {"Authorization": "x"}):
        answer = form(f"{mount}/{endpoint}", headers, **body)
        refused(answer, "invalid_client", 401)
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="doorward"'


def test_both_ways_to_send_the_secret_are_good(alice: Person):
    for method in ("client_secret_basic", "client_secret_post"):
        app = register(alice, type="machine", token_endpoint_auth_method=method)
        assert ask(**app.proof).status_code == 200
        assert ask(basic(app.client_id, app.secret)).status_code == 200
        headers = basic(app.client_id, app.secret)
        assert ask(headers, client_id=app.client_id).status_code == 200


def test_two_ways_at_once_are_refused(machine: App):
    # RFC 6749 2.3.
    headers = basic(machine.client_id, machine.secret)
    assertion = {
        "client_assertion": "a.b.c",
        "client_assertion_type": clients.ASSERTION_TYPE,
    }
    refused(ask(headers, **machine.proof), "invalid_request")
    refused(ask(headers, client_secret=machine.secret), "invalid_request")
    refused(ask(headers, **assertion), "invalid_request")
    refused(ask(**machine.proof, **assertion), "invalid_request")


def test_two_names_at_once_are_refused(machine: App, alice: Person):
    other = register(alice, type="machine")
    headers = basic(machine.client_id, machine.secret)
    refused(ask(headers, client_id=other.client_id), "invalid_client", 401)


@pytest.mark.parametrize("kind", ["spa", "native"])
def test_a_public_application_with_a_secret_is_refused(
    alice: Person, alices: Browser, kind: str
):
    # It has none, so whoever sends one is mixed up, or somebody else.
    app = register(alice, type=kind)
    verifier, challenge = pkce()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    body = {"grant_type": "authorization_code", "code": alices.code(app, **asked)}
    body |= {"code_verifier": verifier, "redirect_uri": CALLBACK}
    secret, name = looks.make("nr_ocs_"), {"client_id": app.client_id}
    answer = form("/oauth/token", **body, **name, client_secret=secret)
    refused(answer, "invalid_client", 401)
    answer = form("/oauth/token", basic(app.client_id, secret), **body)
    refused(answer, "invalid_client", 401)
    assert form("/oauth/token", **body, **name).status_code == 200


def test_a_confidential_application_without_its_secret_is_refused(
    app: App, alices: Browser
):
    tokens = alices.tokens(app)
    for proof in ({"client_id": app.client_id}, {}):
        answer = form(
            "/oauth/token",
            grant_type="refresh_token",
            refresh_token=tokens["refresh_token"],
            **proof,
        )
        refused(answer, "invalid_client", 401)
    headers = basic(app.client_id, "")
    refused(form("/oauth/introspect", headers, token="x"), "invalid_client", 401)
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_another_applications_secret_proves_nothing(machine: App, alice: Person):
    other = register(alice, type="machine")
    answer = ask(client_id=machine.client_id, client_secret=other.secret)
    refused(answer, "invalid_client", 401)


def test_every_failure_of_a_client_reads_the_same(machine: App, alice: Person):
    # Before the secret is proven, nobody learns which applications there are.
    disabled = register(alice, type="machine", is_active=False)
    deleted = register(alice, type="machine", deleted_at=timezone.now())
    wrong = looks.make("nr_ocs_")
    answers = [
        ask(client_id="app_unknown", client_secret=wrong),
        ask(client_id=machine.client_id, client_secret=wrong),
        ask(client_id=machine.client_id, client_secret="short"),
        ask(client_id=machine.client_id),
        ask(**disabled.proof),
        ask(**deleted.proof),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_the_secret_that_is_stored_is_no_secret_to_show(machine: App):
    # Trap 27 and section 7: a stored hash was taken as the secret itself.
    stored = bytes(machine.row.secret_digest or b"")
    spellings = [stored.hex(), base64.b64encode(stored).decode()]
    spellings += [f"nr_ocs_{stored.hex()}", looks.hint(machine.secret, "nr_ocs_")]
    for spelled in spellings:
        answer = ask(client_id=machine.client_id, client_secret=spelled)
        refused(answer, "invalid_client", 401)


@pytest.mark.parametrize(
    "planted",
    ["pbkdf2_sha256$1$salt$hash", "plain", "sha256$x", "", "nr_ocs_" + "0" * 72],
)
def test_nobody_brings_a_secret_along(alice: Person, machine: App, planted: str):
    # Trap 27: a secret that looked like a hash was stored as it came.
    body = {"name": "New", "type": "machine", "scopes": ["scans_read"]}
    applications = "/api/v1/oauth-applications"
    answer = alice.call("POST", applications, {**body, "client_secret": planted})
    assert answer.status_code == 400
    made = alice.call("POST", applications, body).json()
    assert looks.well_formed(made["client_secret"], "nr_ocs_")
    change = {"client_secret": planted}
    answer = alice.call("PATCH", f"{applications}/{made['id']}", change)
    assert answer.status_code == 400
    row = Application.objects.get(client_id=made["client_id"])
    assert bytes(row.secret_digest or b"") == sealing.digest(made["client_secret"])


def test_a_planted_column_opens_nothing(machine: App):
    # Trap 27: who can only write to the database has no pepper, so cannot make one.
    planted = looks.make("nr_ocs_")
    for stored in (
        planted.encode(),
        planted[:32].encode(),
        b"",
        b"pbkdf2_sha256$1$a$b",
    ):
        Application.objects.update(secret_digest=stored)
        answer = ask(client_id=machine.client_id, client_secret=planted)
        refused(answer, "invalid_client", 401)


def test_an_old_secret_ends_when_it_retires(machine: App):
    new = looks.make("nr_ocs_")
    Application.objects.update(
        secret_digest=sealing.digest(new),
        old_secret_digest=machine.row.secret_digest,
        old_secret_retires_at=timezone.now() + timedelta(minutes=1),
    )
    assert ask(**machine.proof).status_code == 200
    assert ask(client_id=machine.client_id, client_secret=new).status_code == 200
    Application.objects.update(old_secret_retires_at=timezone.now())
    refused(ask(**machine.proof), "invalid_client", 401)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "x",
        "é",
        "====",
        "YQ",
        base64.b64encode(b"no colon").decode(),
        base64.b64encode(b":").decode(),
        base64.b64encode(b"\xff\xfe:x").decode(),
        base64.b64encode(b"a\0b:x").decode(),
        base64.b64encode(b"%00:x").decode(),
        base64.b64encode(b"a%00b:x%00").decode(),
        base64.b64encode(b"%ED%A0%80:x").decode(),
        base64.b64encode("ä:ö".encode()).decode(),
        base64.b64encode(b"a" * 6000 + b":x").decode(),
    ],
)
def test_an_odd_basic_is_one_more_failed_client(machine: App, encoded: str):
    # Trap 20.
    answer = ask({"Authorization": f"Basic {encoded}"})
    refused(answer, "invalid_client", 401)


def test_both_parts_of_basic_are_form_encoded(machine: App):
    # RFC 6749 2.3.1: what is encoded more than it has to be means the same.
    client_id = "".join(f"%{ord(letter):02X}" for letter in machine.client_id)
    assert ask(basic(client_id, machine.secret)).status_code == 200


def test_each_type_of_application_has_its_own_grants(alice: Person, alices: Browser):
    web, machine = register(alice), register(alice, type="machine")
    refused(web.token(**WISH), "unauthorized_client")
    spa = register(alice, type="spa")
    refused(spa.token(**WISH), "unauthorized_client")
    refused(spa.post("device_authorization", scope="scans_read"), "unauthorized_client")
    refused(machine.refresh("x"), "unauthorized_client")
    row = Application.objects.filter(pk=machine.row.pk)
    row.update(redirect_uris=CALLBACK)
    assert sent_back(alices.allow(machine))["error"] == "unauthorized_client"


def test_the_engines_own_words_are_no_parameters(machine: App):
    # The engine keeps these under the same roof as what a request sends.
    smuggled = {
        "scopes": "users_manage billing",
        "client": "app_other",
        "user": "usr_other",
        "key_thumbprint": "x" * 43,
        "code_row": "x",
        "grant": "x",
    }
    answer = ask(**machine.proof, **smuggled)
    assert answer.status_code == 200
    assert answer.json()["scope"] == "scans_read"
    told = machine.introspect(answer.json()["access_token"])
    assert (told["client_id"], told["sub"]) == (machine.client_id, machine.client_id)
    assert "cnf" not in told


def test_who_guesses_secrets_is_braked(machine: App):
    answers = [ask(client_id="app_unknown", client_secret="x") for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {401}
    body = refused(answers[-1], "invalid_client", 429)
    assert body["code"] == "too_many_attempts"
    assert int(answers[-1].headers["Retry-After"]) > 0
