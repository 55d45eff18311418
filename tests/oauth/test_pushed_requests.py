"""Authorization requests that are pushed (RFC 9126)."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from oauth.models import Application, Consent, Grant, PushedRequest
from tests.accounts.conftest import clock as clock
from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import (
    CALLBACK,
    FORM,
    MOUNTS,
    App,
    Browser,
    pkce,
    register,
    sent_back,
)
from tests.oauth.speaking import assertion, refused, say_yes, sign_in_again

pytestmark = pytest.mark.django_db

ASKED = {
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "scans_read",
    "state": "pushed state",
}


def push(app: App, **changes: str) -> Any:
    """The answer to a pushed request. A parameter given as "" is left out."""
    asked = {**ASKED, **changes}
    return app.post("par", **{name: value for name, value in asked.items() if value})


def pushed(app: App, **changes: str) -> str:
    answer = push(app, **changes)
    assert answer.status_code == 201, answer.content
    uri: str = answer.json()["request_uri"]
    return uri


def go(browser: Browser, app: App, request_uri: str, **beside: str) -> Any:
    """The browser at the authorization endpoint, with what the standard sends there."""
    query = {"client_id": app.client_id, "request_uri": request_uri, **beside}
    return browser.client.get(f"{app.mount}/authorize?{urlencode(query)}")


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_pushed_request_is_kept_for_ten_minutes(app: App, mount: str):
    app.mount = mount
    answer = push(app)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert body["expires_in"] == 600


def test_it_may_be_pushed_as_json(app: App):
    answer = Client().post(
        "/oauth/par", {**app.proof, **ASKED}, content_type="application/json"
    )
    assert answer.status_code == 201


def test_the_whole_way(app: App, alices: Browser):
    verifier, challenge = pkce()
    method = {"code_challenge": challenge, "code_challenge_method": "S256"}
    answer = say_yes(alices, go(alices, app, pushed(app, **method)))
    told = sent_back(answer)
    assert told["state"] == "pushed state"
    assert told["iss"] == "http://localhost:8000"
    tokens = app.exchange(told["code"], code_verifier=verifier).json()
    assert tokens["scope"] == "scans_read"


def test_pkce_of_the_pushed_request_counts(app: App, alices: Browser):
    method = {"code_challenge": pkce()[1], "code_challenge_method": "S256"}
    answer = say_yes(alices, go(alices, app, pushed(app, **method)))
    code = sent_back(answer)["code"]
    refused(app.exchange(code, code_verifier=pkce()[0]), "invalid_grant")


def test_it_survives_the_sign_in(app: App, alice: Person):
    browser = Browser(alice)
    shown = sign_in_again(browser, go(browser, app, pushed(app)))
    assert "code" in sent_back(say_yes(browser, shown))


def test_the_pushed_login_hint_reaches_the_sign_in_page(app: App):
    uri = pushed(app, login_hint="bob@acme.test")
    query = urlencode({"client_id": app.client_id, "request_uri": uri})
    browser = Client()
    page = browser.get(browser.get(f"/oauth/authorize?{query}").headers["Location"])
    assert 'value="bob@acme.test"' in page.content.decode()


def test_a_pushed_prompt_counts(app: App, alices: Browser):
    alices.tokens(app)
    uri = pushed(app, prompt="login")
    answer = go(alices, app, uri)
    assert "code" in sent_back(sign_in_again(alices, answer))


def test_parameters_beside_the_request_uri_are_not_looked_at(app: App, alices: Browser):
    beside = {
        "scope": "users_manage",
        "state": "other state",
        "redirect_uri": "https://evil.example/",
        "prompt": "none",
        "response_type": "token",
    }
    shown = go(alices, app, pushed(app), **beside)
    assert [scope for scope, _ in shown.context["scopes"]] == ["scans_read"]
    answer = say_yes(alices, shown)
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    assert sent_back(answer)["state"] == "pushed state"


def test_once_answered_it_is_over(app: App, alices: Browser):
    uri = pushed(app)
    say_yes(alices, go(alices, app, uri))
    again = go(alices, app, uri)
    assert again.status_code == 400
    assert "Location" not in again.headers
    assert Grant.objects.count() == 1


def test_a_remembered_consent_answers_it_once_too(app: App, alices: Browser):
    alices.tokens(app)
    uri = pushed(app)
    assert "code" in sent_back(go(alices, app, uri))
    assert go(alices, app, uri).status_code == 400


def test_a_page_that_is_loaded_twice_still_works(app: App, alices: Browser):
    uri = pushed(app)
    go(alices, app, uri)
    assert "code" in sent_back(say_yes(alices, go(alices, app, uri)))


def test_a_page_that_was_answered_gives_no_second_code(app: App, alices: Browser):
    shown = go(alices, app, pushed(app))
    say_yes(alices, shown)
    assert say_yes(alices, shown).status_code == 400
    assert Grant.objects.count() == 1


def test_cancelled_it_is_over(app: App, alices: Browser):
    uri = pushed(app)
    shown = go(alices, app, uri)
    query = urlencode({"client_id": app.client_id, "request_uri": uri})
    body = {"csrfmiddlewaretoken": str(shown.context["csrf_token"])}
    answer = alices.client.post(f"/oauth/authorize/cancel?{query}", body)
    assert sent_back(answer)["error"] == "access_denied"
    assert go(alices, app, uri).status_code == 400
    assert not Consent.objects.exists()


def test_after_ten_minutes_it_is_over(app: App, alices: Browser, clock):
    uri = pushed(app)
    clock.shift(599)
    assert go(alices, app, uri).status_code == 200
    clock.shift(2)
    assert go(alices, app, uri).status_code == 400


def test_it_is_its_own_applications(app: App, alices: Browser, alice: Person):
    other = register(alice, name="Other")
    assert go(alices, other, pushed(app)).status_code == 400


def test_without_the_client_id_it_is_refused(app: App, alices: Browser):
    query = urlencode({"request_uri": pushed(app)})
    assert alices.client.get(f"/oauth/authorize?{query}").status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/request.jwt",
        "urn:ietf:params:oauth:request_uri:nonsense",
        "urn:ietf:params:oauth:request_uri:" + "a" * 72,
    ],
)
def test_a_request_uri_that_is_not_ours_is_refused(app: App, alices: Browser, uri: str):
    answer = go(alices, app, uri)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_foreign_request_uri_beside_a_whole_request_is_told_to_the_application(
    app: App, alices: Browser
):
    answer = alices.ask(app, request_uri="https://app.example/request.jwt")
    assert sent_back(answer)["error"] == "invalid_request_uri"


def test_a_request_object_is_told_to_the_application(app: App, alices: Browser):
    answer = alices.ask(app, request="eyJhbGciOiJub25lIn0.e30.")
    assert sent_back(answer)["error"] == "request_not_supported"


def test_the_application_must_prove_itself(app: App):
    liar = App(app.row, "nr_ocs_wrong")
    refused(push(liar), "invalid_client", 401)
    refused(push(App(app.row)), "invalid_client", 401)
    assert not PushedRequest.objects.exists()


def test_basic_authentication_names_the_client_too(app: App):
    pair = base64.b64encode(f"{app.client_id}:{app.secret}".encode()).decode()
    answer = Client().post(
        "/oauth/par",
        urlencode(ASKED),
        content_type=FORM,
        headers={"Authorization": f"Basic {pair}"},
    )
    assert answer.status_code == 201


def test_an_application_may_prove_itself_by_its_key(alice: Person):
    prover = Prover()
    app = register(
        alice,
        token_endpoint_auth_method="private_key_jwt",
        secret_digest=None,
        client_jwks={"keys": [{**prover.jwk, "kid": "1"}]},
    )
    app.secret = ""
    assert push(app, **assertion(app, prover)).status_code == 201
    kept = PushedRequest.objects.get().parameters
    assert "client_assertion" not in kept["values"]


def test_no_secret_is_kept_with_the_request(app: App):
    push(app)
    assert app.secret not in str(PushedRequest.objects.values().get())


def test_a_public_application_may_push(alice: Person):
    app = register(alice, type="spa")
    answer = push(app, code_challenge=pkce()[1], code_challenge_method="S256")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "launch_rockets"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"resource": "not an address"}, "invalid_target"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"dpop_jkt": "x" * 44}, "invalid_request"),
    ],
)
def test_a_mistake_shows_when_it_is_pushed(
    app: App, changes: dict[str, str], error: str
):
    refused(push(app, **changes), error)
    assert not PushedRequest.objects.exists()


def test_an_application_may_have_to_push(app: App, alices: Browser):
    Application.objects.update(require_pushed_authorization_requests=True)
    told = sent_back(alices.ask(app))
    assert told["error"] == "invalid_request"
    assert go(alices, app, pushed(app)).status_code == 200


def test_an_application_without_a_plan_pushes_nothing(app: App, alice: Person):
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    refused(push(app), "unauthorized_client")


def test_it_is_pushed_by_post_only(app: App):
    assert Client().get("/oauth/par").status_code == 405
