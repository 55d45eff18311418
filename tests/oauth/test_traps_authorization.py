"""Traps 16, 18, 25 and 26 of stock servers: what the authorization endpoint says."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from oauth import looks
from oauth.models import Consent, Grant
from tests.cast import Person, person
from tests.oauth.conftest import (
    CALLBACK,
    MOUNTS,
    App,
    Browser,
    address,
    pkce,
    register,
    sent_back,
)
from tests.oauth.knocking import get, refused, visitor

pytestmark = pytest.mark.django_db


def named_as(answer, error: str, settings) -> dict[str, str]:
    """A refusal that the application is told: with `iss` and `state` (RFC 9207 2)."""
    assert answer.status_code == 303, answer.content
    told = sent_back(answer)
    assert told["error"] == error, told
    assert told["iss"] == settings.PUBLIC_URL
    assert told["state"] == "opaque state"
    assert "code" not in told
    return told


def asked_wrongly() -> list[tuple[str, dict[str, str]]]:
    """Requests whose client and address are right: the error, and what is wrong."""
    plain = {"code_challenge": pkce()[1], "code_challenge_method": "plain"}
    unknown = looks.make(looks.REQUEST_PREFIX)
    return [
        ("invalid_request", {"response_type": ""}),
        ("unsupported_response_type", {"response_type": "token"}),
        ("invalid_scope", {"scope": ""}),
        ("invalid_scope", {"scope": "nonsense"}),
        ("invalid_request", plain),
        ("request_not_supported", {"request": "e30.e30."}),
        ("invalid_request_uri", {"request_uri": "https://evil.test/request"}),
        ("invalid_request_uri", {"request_uri": unknown}),
        ("invalid_request", {"prompt": "none login"}),
        ("invalid_request", {"response_mode": "fragment"}),
        ("invalid_request", {"max_age": "-1"}),
    ]


@pytest.mark.parametrize("mount", MOUNTS)
def test_every_refusal_names_the_issuer(
    app: App, alices: Browser, mount: str, settings
):
    # Trap 16: `iss` stood on successful answers only. Trap 18: `request` and
    # `request_uri` were ignored, so that somebody else's parameters counted.
    app.mount = mount
    for error, wrong in asked_wrongly():
        named_as(alices.ask(app, **wrong), error, settings)
        # The same before anybody signs in: nobody is asked to for nothing (trap 24).
        named_as(visitor().get(address(app, **wrong)), error, settings)


def test_every_refusal_of_a_person_names_the_issuer(
    app: App, alices: Browser, alice: Person, settings
):
    # Trap 16.
    page = alices.ask(app)
    body = {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
    cancel = address(app).replace("/authorize?", "/authorize/cancel?")
    named_as(alices.client.post(cancel, body), "access_denied", settings)
    nobody = visitor().get(address(app, prompt="none"))
    named_as(nobody, "login_required", settings)
    named_as(alices.ask(app, prompt="none"), "consent_required", settings)
    old = alices.ask(app, prompt="none", max_age="0")
    named_as(old, "login_required", settings)
    viewer = person("viewer@acme.test", alice.organization, "viewer")
    answer = Browser(viewer).sign_in().ask(app, scope="users_manage")
    named_as(answer, "access_denied", settings)


def test_a_stranger_is_refused_with_the_issuer(
    app: App, carol: Person, nadia: Person, settings
):
    # Trap 16: the application is private to its organization.
    for stranger in (carol, nadia):
        answer = Browser(stranger).sign_in().ask(app)
        named_as(answer, "access_denied", settings)
    assert not Consent.objects.exists()


def test_a_yes_names_the_issuer(app: App, alices: Browser, settings):
    told = sent_back(alices.allow(app))
    assert told.keys() == {"code", "state", "iss"}
    assert told["iss"] == settings.PUBLIC_URL
    # `state` is optional, may be long, and comes back as it was.
    state = "x" * 4000 + " &=?#%é"
    assert sent_back(alices.allow(app, state=state))["state"] == state
    assert sent_back(alices.allow(app, state="")).keys() == {"code", "iss"}


def test_what_stands_beside_a_request_uri_does_not_count(
    app: App, alices: Browser, alice: Person
):
    # Trap 18: what was pushed is the whole request.
    pushed = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "scans_read"}
    uri = app.post("par", **pushed, state="pushed").json()["request_uri"]
    answer = alices.allow(
        app,
        request_uri=uri,
        scope="scans_write",
        state="evil",
        redirect_uri="https://evil.test/",
    )
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    told = sent_back(answer)
    assert told["state"] == "pushed"
    assert app.exchange(told["code"]).json()["scope"] == "scans_read"
    # It works once, and only for who pushed it.
    again = alices.ask(app, request_uri=uri)
    assert sent_back(again)["error"] == "invalid_request_uri"
    other = register(alice)
    uri = app.post("par", **pushed).json()["request_uri"]
    assert sent_back(alices.ask(other, request_uri=uri))["error"] == (
        "invalid_request_uri"
    )


def test_neither_object_nor_address_can_be_pushed(app: App):
    # Trap 18.
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "scans_read"}
    refused(app.post("par", **asked, request="e30.e30."), "request_not_supported")
    refused(app.post("par", **asked, request_uri="urn:x"), "invalid_request")


def test_prompt_login_asks_once_and_goes_on(app: App, alices: Browser):
    # Trap 25: it looped where the sign-in page sends signed-in people on.
    shown = alices.ask(app, prompt="login")
    assert shown.status_code == 303
    sign_in = shown.headers["Location"]
    assert sign_in.startswith("/login?")
    page = alices.client.get(sign_in)
    assert page.status_code == 200
    body = {
        "email": alices.person.user.email,
        "password": alices.person.password,
        "csrfmiddlewaretoken": str(page.context["csrf_token"]),
    }
    done = alices.client.post(sign_in, body)
    onward = done.headers["Location"]
    assert onward.startswith("/oauth/authorize?")
    assert alices.client.get(onward).status_code == 200
    # The mark is of this request: another one asks anew.
    assert alices.ask(app, prompt="login").status_code == 303
    marker = parse_qs(urlsplit(onward).query)["asked"][0]
    moved = alices.ask(app, prompt="login", scope="scans_write", asked=marker)
    assert moved.headers["Location"].startswith("/login?")


def test_nobody_marks_a_request_by_themselves(app: App, alices: Browser):
    # Trap 25: who is sent back must have signed in meanwhile.
    sign_in = alices.ask(app, prompt="login").headers["Location"]
    onward = parse_qs(urlsplit(sign_in).query)["next"][0]
    again = alices.client.get(onward)
    assert again.headers["Location"].startswith("/login?")
    for forged in ("x", "e30:x:y", "", "é"):
        answer = alices.ask(app, prompt="login", asked=forged)
        assert answer.headers["Location"].startswith("/login?")


def test_the_page_lets_a_browser_go_on_to_the_application(app: App, alices: Browser):
    # Trap 26: `form-action 'self'` stops the redirect after the form in Chromium.
    policy = alices.ask(app).headers["Content-Security-Policy"]
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert {"'self'", "https://your-app.com"} <= set(directives["form-action"].split())
    assert "*" not in policy
    assert directives["frame-ancestors"] == "'none'"
    elsewhere = get("/login").headers["Content-Security-Policy"]
    assert "your-app.com" not in elsewhere


def test_the_stored_scope_comes_from_the_request_and_not_from_the_form(
    app: App, alices: Browser
):
    # Section 4.11: a form that was filled in by somebody else widens nothing.
    shown = alices.ask(app)
    body = {
        "csrfmiddlewaretoken": str(shown.context["csrf_token"]),
        "membership": str(shown.context["membership"].public_id),
        "scopes": str(shown.context["given"]),
    }
    wider = alices.client.post(address(app), {**body, "scopes": "users_manage"})
    assert wider.status_code == 200
    assert not Grant.objects.exists()
    body |= {"scope": "users_manage billing", "client_id": "app_other"}
    body |= {"redirect_uri": "https://evil.test/", "response_type": "token"}
    answer = alices.client.post(address(app), body)
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    assert app.exchange(sent_back(answer)["code"]).json()["scope"] == "scans_read"


def test_a_page_that_was_shown_to_somebody_else_is_shown_anew(
    app: App, alices: Browser, bob: Person
):
    # They signed in as somebody else in another tab, and then said yes in this one.
    shown = alices.ask(app).context
    browser = Browser(bob).sign_in()
    body = {
        "csrfmiddlewaretoken": str(browser.ask(app).context["csrf_token"]),
        "membership": str(shown["membership"].public_id),
        "scopes": str(shown["given"]),
    }
    answer = browser.client.post(address(app), body)
    assert answer.status_code == 200
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()


def test_nothing_but_a_yes_by_form_makes_a_code(app: App, alices: Browser):
    assert alices.ask(app).status_code == 200
    assert alices.client.head(address(app)).status_code == 200
    for method in ("put", "delete", "patch"):
        answer = getattr(alices.client, method)(address(app))
        assert answer.status_code in (403, 405)
    assert not Grant.objects.exists()
