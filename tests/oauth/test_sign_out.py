"""Sign-out that an application asks for (OpenID Connect RP-Initiated Logout)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import Session
from tests.accounts.conftest import clock as clock
from tests.accounts.forging import altered, by_nobody
from tests.cast import Person
from tests.oauth.conftest import FORM, MOUNTS, App, Browser, register
from tests.oauth.speaking import (
    assert_lives,
    confirm_sign_out,
    is_signed_in,
    sign_out_at,
)

pytestmark = pytest.mark.django_db

AFTERWARDS = "https://your-app.com/signed-out"


@pytest.fixture
def app(alice: Person) -> App:
    return register(alice, post_logout_redirect_uris=AFTERWARDS)


def hint_of(browser: Browser, app: App) -> str:
    token: str = browser.tokens(app, scope="openid")["id_token"]
    return token


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_hint_signs_its_person_out(app: App, alices: Browser, mount: str):
    hint = hint_of(alices, app)
    wish = {"post_logout_redirect_uri": AFTERWARDS, "state": "s 1"}
    answer = alices.client.get(sign_out_at(mount, id_token_hint=hint, **wish))
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{AFTERWARDS}?state=s+1"
    assert not is_signed_in(alices)
    assert Session.objects.get().end_reason == "signed_out_by_application"


def test_an_expired_hint_does_so_too(app: App, alices: Browser, clock):
    hint = hint_of(alices, app)
    clock.shift(7200)
    alices.client.get(sign_out_at(id_token_hint=hint))
    assert not is_signed_in(alices)


def test_without_a_state_none_comes_back(app: App, alices: Browser):
    hint = hint_of(alices, app)
    answer = alices.client.get(
        sign_out_at(id_token_hint=hint, post_logout_redirect_uri=AFTERWARDS)
    )
    assert answer.headers["Location"] == AFTERWARDS


def test_without_an_address_a_page_says_it(app: App, alices: Browser):
    answer = alices.client.get(sign_out_at(id_token_hint=hint_of(alices, app)))
    assert answer.status_code == 200
    assert "You are signed out" in answer.content.decode()


def test_without_a_hint_the_person_is_asked(app: App, alices: Browser):
    wish = {
        "client_id": app.client_id,
        "post_logout_redirect_uri": AFTERWARDS,
        "state": "s",
    }
    shown = alices.client.get(sign_out_at(**wish))
    assert "Sign out?" in shown.content.decode()
    assert is_signed_in(alices)
    answer = confirm_sign_out(alices, shown)
    assert answer.headers["Location"] == f"{AFTERWARDS}?state=s"
    assert not is_signed_in(alices)


def test_anybody_may_be_asked_without_any_parameter(alices: Browser):
    shown = alices.client.get(sign_out_at())
    assert "Sign out?" in shown.content.decode()
    assert "You are signed out" in confirm_sign_out(alices, shown).content.decode()
    assert not is_signed_in(alices)


def test_a_hint_of_somebody_else_asks(app: App, alices: Browser, bobs: Browser):
    hint = hint_of(bobs, app)
    shown = alices.client.get(sign_out_at(id_token_hint=hint))
    assert "Sign out?" in shown.content.decode()
    assert is_signed_in(alices)


def test_the_persons_own_yes_needs_the_pages_form(alices: Browser):
    assert alices.client.post("/oauth/logout/confirm").status_code == 403
    assert is_signed_in(alices)


@pytest.mark.parametrize("junk", ["junk", "eyJ.eyJ.x", "☃"])
def test_a_hint_that_is_none_is_refused(app: App, alices: Browser, junk: str):
    answer = alices.client.get(
        sign_out_at(id_token_hint=junk, post_logout_redirect_uri=AFTERWARDS)
    )
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert is_signed_in(alices)


def test_a_forged_hint_is_refused(app: App, alices: Browser):
    hint = altered(hint_of(alices, app), by_nobody, iat=0)
    assert alices.client.get(sign_out_at(id_token_hint=hint)).status_code == 400
    assert is_signed_in(alices)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "https://your-app.com/callback",
        f"{AFTERWARDS}/",
        f"{AFTERWARDS}?next=evil",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_not_registered_is_refused(
    app: App, alices: Browser, address: str
):
    hint = hint_of(alices, app)
    for query in ({"id_token_hint": hint}, {"client_id": app.client_id}):
        answer = alices.client.get(
            sign_out_at(**query, post_logout_redirect_uri=address)
        )
        assert answer.status_code == 400
        assert "Location" not in answer.headers
    assert is_signed_in(alices)


def test_an_address_without_an_application_is_refused(app: App, alices: Browser):
    answer = alices.client.get(sign_out_at(post_logout_redirect_uri=AFTERWARDS))
    assert answer.status_code == 400


def test_another_application_than_the_hints_is_refused(
    app: App, alices: Browser, alice: Person
):
    other = register(alice, post_logout_redirect_uris=AFTERWARDS)
    answer = alices.client.get(
        sign_out_at(id_token_hint=hint_of(alices, app), client_id=other.client_id)
    )
    assert answer.status_code == 400
    assert is_signed_in(alices)


def test_who_is_not_signed_in_is_sent_on(app: App):
    wish = {"client_id": app.client_id, "post_logout_redirect_uri": AFTERWARDS}
    answer = Client().get(sign_out_at(**wish))
    assert answer.headers["Location"] == AFTERWARDS


def test_a_form_of_another_site_comes_back_as_a_link(app: App, alices: Browser):
    """A browser keeps its cookie (SameSite=Lax) from such a form, not from the link."""
    wish = {
        "id_token_hint": hint_of(alices, app),
        "post_logout_redirect_uri": AFTERWARDS,
        "state": "s",
    }
    stranger = Client(enforce_csrf_checks=True)
    headers = {"Origin": "https://your-app.com"}
    sent = stranger.post("/oauth/logout", urlencode(wish), FORM, headers=headers)
    assert sent.status_code == 303
    assert is_signed_in(alices)
    answer = alices.client.get(sent.headers["Location"])
    assert answer.headers["Location"] == f"{AFTERWARDS}?state=s"
    assert not is_signed_in(alices)


def test_the_applications_own_tokens_live_on(app: App, alices: Browser):
    """It signs out of its own session; what was allowed stays allowed."""
    tokens = alices.tokens(app, scope="openid scans_read")
    alices.client.get(sign_out_at(id_token_hint=tokens["id_token"]))
    assert not is_signed_in(alices)
    assert_lives(tokens["access_token"])


def test_no_page_may_frame_the_question(alices: Browser):
    answer = alices.client.get(sign_out_at())
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
