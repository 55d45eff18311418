"""What an attack on this server tried, and gets no further with."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts import outbox
from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Session
from oauth import applications, logout
from oauth.models import Consent, Grant, PushedRequest
from tests.cast import Person, send
from tests.oauth.conftest import (
    CALLBACK,
    App,
    Browser,
    address,
    pkce,
    register,
    sent_back,
)
from tests.oauth.knocking import refused

pytestmark = pytest.mark.django_db
JSON = "application/json"


def challenge() -> dict[str, str]:
    return {"code_challenge": pkce()[1], "code_challenge_method": "S256"}


@pytest.mark.parametrize("path", ["token", "introspect", "par", "revoke"])
def test_more_parameters_than_any_client_has_use_for_are_refused_unread(db, path: str):
    many = {f"p{number}": "x" for number in range(100)}
    for body, content_type in (
        (json.dumps(many), JSON),
        (urlencode(many), "application/x-www-form-urlencoded"),
    ):
        answer = Client().post(f"/oauth/{path}", body, content_type=content_type)
        refused(answer, "invalid_request", 400)


def test_more_than_twenty_resources_are_refused(app: App):
    many = [f"https://api{number}.example.com" for number in range(21)]
    body = {**app.proof, "grant_type": "client_credentials", "resource": many}
    answer = Client().post("/oauth/token", body, content_type=JSON)
    refused(answer, "invalid_target", 400)


def test_what_is_no_part_of_a_request_is_not_kept(alice: Person):
    spa = register(alice, type="spa")
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "scans_read"}
    answer = spa.post("par", **asked, **challenge(), junk="x" * 8000)
    assert answer.status_code == 201
    assert "junk" not in PushedRequest.objects.get().parameters["values"]


def test_a_native_application_on_loopback_is_asked_about_each_time(
    alice: Person, alices: Browser
):
    """RFC 8252 8.6: any program of the machine can hear there."""
    native = register(alice, type="native", redirect_uris="http://127.0.0.1/cb")
    first = alices.allow(native, redirect_uri="http://127.0.0.1:5000/cb", **challenge())
    assert "code" in sent_back(first)
    asked = {"redirect_uri": "http://127.0.0.1:6666/cb", **challenge()}
    assert alices.ask(native, **asked).status_code == 200
    silent = sent_back(alices.ask(native, **asked, prompt="none"))
    assert silent["error"] == "consent_required"


def test_the_page_names_a_scheme_not_the_host_that_it_claims(
    alice: Person, alices: Browser
):
    address = "com.evil.app://bank.example.com/callback"
    native = register(alice, type="native", redirect_uris=address)
    page = alices.ask(native, redirect_uri=address, **challenge()).content.decode()
    assert "You will be sent back to <strong>com.evil.app:</strong>" in page


def test_a_deleted_application_sends_nobody_anywhere_after_sign_out(
    alice: Person, alices: Browser
):
    app = register(alice, post_logout_redirect_uris="https://bye.example/x")
    query = {
        "client_id": app.client_id,
        "post_logout_redirect_uri": "https://bye.example/x",
    }
    path = f"/oauth/logout?{urlencode(query)}"
    assert Client().get(path).status_code == 303
    applications.delete(app.row, by=SYSTEM)
    assert Client().get(path).status_code == 400


def test_an_id_token_of_another_session_does_not_sign_out_unasked(
    app: App, alices: Browser
):
    tokens = alices.tokens(app, scope="openid")
    again = Browser(alices.person).sign_in()
    path = f"/oauth/logout?{urlencode({'id_token_hint': tokens['id_token']})}"
    page = again.client.get(path)
    assert "Sign out?" in page.content.decode()
    assert Session.objects.filter(ended_at=None).count() == 2


def test_whoever_comes_back_has_to_let_applications_in_anew(
    alice: Person, bobs: Browser, app: App
):
    tokens = bobs.tokens(app)
    member = f"/api/v1/users/{bobs.person.user.public_id}"
    for is_active in (False, True):
        answer = alice.call("PATCH", member, {"is_active": is_active})
        assert answer.status_code == 200
    assert app.refresh(tokens["refresh_token"]).status_code == 400
    assert app.introspect(tokens["access_token"]) == {"active": False}
    assert not Consent.objects.standing().exists()


def test_a_code_redeemed_after_the_sign_out_is_announced_too(
    alice: Person, alices: Browser
):
    app = register(alice, backchannel_logout_uri="https://app.example.com/out")
    alices.tokens(app, scope="openid")
    code = alices.code(app, scope="openid")
    Session.objects.all().end("signed_out")
    assert logout.announce() == 1
    assert app.exchange(code).status_code == 200
    assert logout.announce() == 1
    assert not Grant.objects.filter(logout_announced_at=None).exists()


def test_the_audit_log_names_the_application_that_revoked(app: App, alices: Browser):
    tokens = alices.tokens(app)
    app.post("revoke", token=tokens["refresh_token"])
    event = AuditEvent.objects.get(action="oauth_tokens.revoked")
    assert event.actor == app.row.public_id


def test_a_name_that_looks_like_a_secret_is_not_repeated(app: App):
    body = urlencode([("grant_type", "x"), (app.secret, "1"), (app.secret, "2")])
    answer = Client().post(
        "/oauth/token", body, content_type="application/x-www-form-urlencoded"
    )
    assert app.secret not in answer.content.decode()


def test_who_names_no_scope_is_told_to(app: App, alices: Browser):
    told = sent_back(alices.ask(app, scope=""))
    assert told["error"] == "invalid_scope"
    assert told["error_description"] == (
        "Name the scopes that you want: scope is missing."
    )


def test_a_yes_has_to_say_what_it_is_a_yes_to(app: App, alices: Browser):
    shown = alices.ask(app)
    body = {
        "csrfmiddlewaretoken": str(shown.context["csrf_token"]),
        "membership": str(shown.context["membership"].public_id),
    }
    again = alices.client.post(address(app), body)
    assert again.status_code == 200
    assert not Consent.objects.exists()


def test_a_key_that_a_token_makes_ends_with_it(app: App, alices: Browser):
    tokens = alices.tokens(app, scope="api_keys_manage scans_read")
    wish = {"name": "Longer", "scopes": ["scans_read"], "owner": "organization"}
    bearer = {"AUTHORIZATION": f"Bearer {tokens['access_token']}"}
    answer = send("POST", "/api/v1/api-keys", wish, **bearer)
    assert answer.status_code == 403
    assert answer.json()["code"] == "beyond_own_rights"


def test_a_deleted_application_is_told_of_no_sign_out(alice: Person, settings):
    settings.DEMO = True
    app = register(alice, backchannel_logout_uri="http://127.0.0.1:9/out")
    payload = {"client_id": app.client_id, "sub": "usr_x", "sid": "ses_x"}
    with pytest.raises((OSError, outbox.Undelivered)):
        logout.deliver(payload)
    applications.delete(app.row, by=SYSTEM)
    logout.deliver(payload)


def test_who_failed_holds_up_nobody_elses_messages(
    alice: Person, carol: Person, settings
):
    settings.OUTBOX_KINDS = {"refusing": "tests.oauth.test_attacks.refusing"}
    for _ in range(3):
        outbox.post("refusing", {}, organization=alice.organization)
    outbox.post("refusing", {}, organization=carol.organization)
    # One attempt for each of the two, not three for the first.
    assert outbox.deliver_due() == 2


def refusing(payload: object) -> None:
    raise outbox.Undelivered("no")


@pytest.mark.parametrize("page", ["authorize", "logout"])
def test_a_form_of_another_site_may_end_in_a_slash(page: str):
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"/oauth/{page}/", {"scope": "x"}).status_code == 302
