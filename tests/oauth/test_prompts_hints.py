"""How fresh a sign-in is, and whose: max_age, id_token_hint, login_hint (OpenID Connect
Core 3.1.2.1)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Session
from tests.accounts.conftest import clock as clock
from tests.accounts.forging import altered, by_nobody
from tests.cast import Person
from tests.oauth.conftest import FORM, App, Browser, address, register, sent_back
from tests.oauth.speaking import age_sign_ins, say_yes, sign_in_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger(alice: Person) -> Client:
    """A browser in which nobody is signed in."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def agreed(app: App, alices: Browser) -> App:
    """An application that alice lets sign her in."""
    alices.tokens(app, scope="openid")
    return app


def error_of(answer) -> str:
    assert answer.status_code == 303, answer
    told = sent_back(answer)
    assert told["iss"] == "http://localhost:8000"
    assert told["state"] == "opaque state"
    return told["error"]


def wants_sign_in(answer) -> bool:
    return answer.headers.get("Location", "").startswith("/login?")


def got_code(answer) -> bool:
    return answer.status_code == 303 and "code" in sent_back(answer)


# max_age


def test_max_age_of_nothing_asks_for_a_sign_in_once(agreed: App, alices: Browser):
    age_sign_ins(seconds=2)
    answer = alices.ask(agreed, scope="openid", max_age="0")
    assert wants_sign_in(answer)
    assert got_code(sign_in_again(alices, answer))


def test_a_sign_in_older_than_max_age_is_asked_for_anew(agreed: App, alices: Browser):
    age_sign_ins(seconds=301)
    answer = alices.ask(agreed, scope="openid", max_age="300")
    assert wants_sign_in(answer)
    assert got_code(sign_in_again(alices, answer))


def test_a_sign_in_younger_than_max_age_is_enough(agreed: App, alices: Browser):
    age_sign_ins(seconds=290)
    assert got_code(alices.ask(agreed, scope="openid", max_age="300"))


@pytest.mark.parametrize("large", ["86400", "9" * 9, "9" * 400])
def test_a_large_max_age_asks_for_nothing(agreed: App, alices: Browser, large: str):
    assert got_code(alices.ask(agreed, scope="openid", max_age=large))


@pytest.mark.parametrize("junk", ["-1", "1.5", "soon", "0x10", "²", "１２", "1 "])
def test_a_max_age_that_is_no_number_is_told(agreed: App, alices: Browser, junk: str):
    answer = alices.ask(agreed, scope="openid", max_age=junk)
    assert error_of(answer) == "invalid_request"


# id_token_hint


def hint_of(browser: Browser, app: App) -> str:
    token: str = browser.tokens(app, scope="openid")["id_token"]
    return token


def test_a_hint_of_the_same_person_passes(app: App, alices: Browser):
    hint = hint_of(alices, app)
    answer = alices.ask(app, scope="openid", prompt="none", id_token_hint=hint)
    assert got_code(answer)


def test_a_hint_of_somebody_else_is_login_required(
    agreed: App, alices: Browser, bobs: Browser
):
    hint = hint_of(bobs, agreed)
    answer = alices.ask(agreed, scope="openid", prompt="none", id_token_hint=hint)
    assert error_of(answer) == "login_required"


def test_a_hint_of_somebody_else_asks_them_to_sign_in(
    agreed: App, alices: Browser, bobs: Browser
):
    answer = alices.ask(agreed, scope="openid", id_token_hint=hint_of(bobs, agreed))
    assert wants_sign_in(answer)
    alices.person = bobs.person
    assert got_code(sign_in_again(alices, answer))


def test_an_expired_hint_still_names_the_person(app: App, alices: Browser, clock):
    hint = hint_of(alices, app)
    clock.shift(7200)
    answer = alices.ask(app, scope="openid", prompt="none", id_token_hint=hint)
    assert got_code(answer)


def test_a_hint_that_is_none_is_refused(agreed: App, alices: Browser):
    answer = alices.ask(agreed, scope="openid", id_token_hint="junk")
    assert error_of(answer) == "invalid_request"


def test_a_forged_hint_is_refused(agreed: App, alices: Browser, bob: Person):
    hint = hint_of(alices, agreed)
    for forged in (
        altered(hint, by_nobody, sub=bob.user.public_id),
        altered(hint, by_nobody, header={"alg": "none"}),
    ):
        answer = alices.ask(agreed, scope="openid", id_token_hint=forged)
        assert error_of(answer) == "invalid_request"


def test_a_hint_of_another_application_is_refused(
    agreed: App, alices: Browser, alice: Person
):
    hint = hint_of(alices, register(alice, name="Other"))
    answer = alices.ask(agreed, scope="openid", id_token_hint=hint)
    assert error_of(answer) == "invalid_request"


def test_an_access_token_is_no_hint_and_has_no_place_in_an_address(
    alice: Person, alices: Browser
):
    app = register(alice, access_token_format="jwt")
    token = alices.tokens(app, scope="openid")["access_token"]
    answer = alices.ask(app, scope="openid", id_token_hint=token)
    assert answer.status_code == 400
    assert answer.json()["code"] == "credential_in_url"


# login_hint


def test_the_login_hint_reaches_the_sign_in_page(app: App, stranger: Client):
    asked = address(app, scope="openid", login_hint="bob@acme.test")
    page = stranger.get(stranger.get(asked).headers["Location"])
    assert 'value="bob@acme.test"' in page.content.decode()


def test_a_login_hint_signs_nobody_in(app: App, alices: Browser):
    shown = alices.ask(app, scope="openid", login_hint="bob@acme.test")
    assert shown.context["membership"] == alices.person.membership


def test_a_request_may_come_by_a_form_of_another_site(app: App, alices: Browser):
    """OpenID Connect Core 3.1.2.1. With it a browser sends no cookie of ours."""
    path, _, query = address(app, scope="openid").partition("?")
    stranger = Client(enforce_csrf_checks=True)
    headers = {"Origin": "https://your-app.com"}
    sent = stranger.post(path, query, FORM, headers=headers)
    assert sent.status_code == 303
    shown = alices.client.get(sent.headers["Location"])
    assert got_code(say_yes(alices, shown))


def test_a_request_without_a_person_comes_back_after_the_sign_in(
    app: App, alice: Person
):
    browser = Browser(alice)
    answer = browser.ask(app, scope="openid")
    assert wants_sign_in(answer)
    shown = sign_in_again(browser, answer)
    assert got_code(say_yes(browser, shown))
    assert Session.objects.count() == 1
