"""How applications learn of the end of a session (OpenID Connect Back-Channel
Logout)."""

from __future__ import annotations

import time
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.utils import timezone

from accounts import outbox
from accounts.models import Membership, OutboxMessage, Session
from oauth import logout
from oauth.models import Application
from tests.accounts.conftest import clock as clock
from tests.accounts.receiving import receiving
from tests.cast import Person
from tests.oauth.conftest import App, Browser, register
from tests.oauth.speaking import (
    claims_of,
    confirm_sign_out,
    header_of,
    is_signed_in,
    sign_out_at,
)

pytestmark = pytest.mark.django_db

FAILURE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def told(alice: Person) -> App:
    """An application that wants to know."""
    return register(alice, backchannel_logout_uri="https://your-app.com/logout-hook")


def sign_out(browser: Browser) -> None:
    page = browser.client.get(sign_out_at())
    confirm_sign_out(browser, page)


def change_password(browser: Browser) -> None:
    person = browser.person
    body = {
        "current_password": person.password,
        "new_password": "walnut 77 harbour pie",
    }
    assert person.call("POST", "/api/v1/auth/password", body).status_code == 204


def end_session_over_the_api(browser: Browser) -> None:
    session = Session.objects.get(is_browser=True)
    path = f"/api/v1/auth/sessions/{session.public_id}"
    assert browser.person.call("DELETE", path).status_code == 204


def be_removed(browser: Browser) -> None:
    boss = Person(Membership.objects.get(role="owner"))
    path = f"/api/v1/users/{browser.person.user.public_id}"
    assert boss.call("DELETE", path).status_code == 204


def sign_in_anew(browser: Browser) -> None:
    browser.sign_in()


@pytest.mark.parametrize(
    "end",
    [sign_out, change_password, end_session_over_the_api, be_removed, sign_in_anew],
)
def test_however_a_session_ends_its_application_is_told(
    told: App, bobs: Browser, end: Any
):
    bobs.tokens(told, scope="openid")
    assert logout.announce() == 0
    end(bobs)
    assert logout.announce() == 1
    message = OutboxMessage.objects.get()
    assert message.kind == "backchannel_logout"
    assert message.organization == told.row.organization


def test_one_message_goes_to_each_application_and_session(
    told: App, alices: Browser, alice: Person, app: App
):
    other = register(alice, backchannel_logout_uri="https://other.example/hook")
    for _ in range(3):
        alices.tokens(told, scope="openid")
    alices.tokens(other, scope="openid")
    # It wants no messages.
    alices.tokens(app, scope="openid")
    sign_out(alices)
    assert logout.announce() == 2
    assert logout.announce() == 0
    assert OutboxMessage.objects.count() == 2


def test_two_sessions_are_two_messages(told: App, alices: Browser, alice: Person):
    laptop = Browser(alice).sign_in()
    for browser in (alices, laptop):
        browser.tokens(told, scope="openid")
        sign_out(browser)
    assert logout.announce() == 2


def test_a_session_that_goes_on_is_not_announced(
    told: App, alices: Browser, bobs: Browser
):
    for browser in (alices, bobs):
        browser.tokens(told, scope="openid")
    sign_out(bobs)
    assert logout.announce() == 1
    assert is_signed_in(alices)


def test_an_application_that_never_fetched_its_tokens_is_not_told(
    told: App, alices: Browser
):
    alices.code(told, scope="openid")
    sign_out(alices)
    assert logout.announce() == 0


def test_what_ended_long_ago_is_not_announced(told: App, alices: Browser, clock):
    alices.tokens(told, scope="openid")
    sign_out(alices)
    clock.shift(86_401)
    assert logout.announce() == 0


@pytest.fixture
def loopback(settings) -> None:
    """Our own requests may go to this machine."""
    settings.OUTBOUND_NETWORKS = [ip_network("127.0.0.0/8")]


def ended(app: App, browser: Browser) -> dict[str, Any]:
    """The claims of the ID token of a session that has ended and was announced."""
    token = browser.tokens(app, scope="openid")["id_token"]
    sign_out(browser)
    assert logout.announce() == 1
    return claims_of(token, audience=app.client_id)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_logout_token_names_person_and_session(
    alice: Person, alices: Browser, loopback, algorithm: str
):
    with receiving() as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        app = register(alice, backchannel_logout_uri=hook, algorithm=algorithm)
        known = ended(app, alices)
        assert outbox.deliver_due() == 1
    assert receiver.head.startswith("POST /hook HTTP/1.1\r\n")
    assert "content-type: application/x-www-form-urlencoded" in receiver.head.lower()
    (token,) = parse_qs(receiver.body)["logout_token"]
    assert header_of(token)["typ"] == "logout+jwt"
    assert header_of(token)["alg"] == algorithm
    claims = claims_of(token, audience=app.client_id)
    assert (claims["sub"], claims["sid"]) == (known["sub"], known["sid"])
    event = "http://schemas.openid.net/event/backchannel-logout"
    assert claims["events"] == {event: {}}
    assert claims["jti"]
    assert abs(claims["iat"] - time.time()) < 60
    assert 0 < claims["exp"] - claims["iat"] <= 120
    # Back-Channel Logout 2.4: with it, an ID token could pass for a logout token.
    assert "nonce" not in claims
    assert OutboxMessage.objects.get().delivered_at is not None


def test_a_receiver_that_fails_is_tried_again(
    alice: Person, alices: Browser, loopback, clock
):
    with receiving(FAILURE) as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        app = register(alice, backchannel_logout_uri=hook)
        ended(app, alices)
        assert outbox.deliver_due() == 1
        assert outbox.deliver_due() == 0
        message = OutboxMessage.objects.get()
        assert message.delivered_at is None
        assert "503" in message.last_error
    with receiving() as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        Application.objects.update(backchannel_logout_uri=hook)
        clock.shift(11)
        assert outbox.deliver_due() == 1
    assert OutboxMessage.objects.get().delivered_at is not None
    # Signed when it was sent: a late one is as fresh as the first.
    (token,) = parse_qs(receiver.body)["logout_token"]
    assert claims_of(token, audience=app.client_id)["iat"] == int(time.time())


def test_a_receiver_that_is_away_is_tried_again(
    alice: Person, alices: Browser, loopback
):
    with receiving() as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
    ended(register(alice, backchannel_logout_uri=hook), alices)
    assert outbox.deliver_due() == 1
    message = OutboxMessage.objects.get()
    assert (message.delivered_at, message.failed_at) == (None, None)
    assert message.next_attempt_at > timezone.now()


def test_a_receiver_may_answer_without_content(
    alice: Person, alices: Browser, loopback
):
    nothing = b"HTTP/1.1 204 No Content\r\n\r\n"
    with receiving(nothing) as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        ended(register(alice, backchannel_logout_uri=hook), alices)
        outbox.deliver_due()
    assert OutboxMessage.objects.get().delivered_at is not None


def test_an_application_that_no_longer_wants_to_know_is_not_called(
    told: App, alices: Browser
):
    ended(told, alices)
    Application.objects.update(backchannel_logout_uri="")
    assert outbox.deliver_due() == 1
    assert OutboxMessage.objects.get().delivered_at is not None


def test_a_logout_token_is_nothing_else(alice: Person, alices: Browser, loopback):
    with receiving() as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/hook"
        app = register(alice, backchannel_logout_uri=hook)
        ended(app, alices)
        outbox.deliver_due()
    (token,) = parse_qs(receiver.body)["logout_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/scans", headers=headers).status_code == 401
    assert Client().get(sign_out_at(id_token_hint=token)).status_code == 400
    assert app.introspect(token) == {"active": False}


def test_a_message_lies_sealed_until_it_is_sent(told: App, alices: Browser):
    ended(told, alices)
    payload = bytes(OutboxMessage.objects.get().sealed_payload)
    assert told.client_id.encode() not in payload
    assert alices.person.user.public_id.encode() not in payload
