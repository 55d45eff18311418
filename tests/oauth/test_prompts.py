"""When a person is asked again: prompt (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from oauth.models import Consent
from tests.accounts.conftest import clock as clock
from tests.cast import Person
from tests.oauth.conftest import App, Browser, address, sent_back
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


# prompt=none


def test_none_without_a_sign_in_is_login_required(app: App, stranger: Client):
    answer = stranger.get(address(app, scope="openid", prompt="none"))
    assert error_of(answer) == "login_required"


def test_none_without_consent_is_consent_required(app: App, alices: Browser):
    answer = alices.ask(app, scope="openid", prompt="none")
    assert error_of(answer) == "consent_required"


def test_none_for_more_than_was_consented_is_consent_required(
    agreed: App, alices: Browser
):
    answer = alices.ask(agreed, scope="openid email", prompt="none")
    assert error_of(answer) == "consent_required"


def test_none_gives_a_code_where_nothing_is_left_to_ask(agreed: App, alices: Browser):
    assert got_code(alices.ask(agreed, scope="openid", prompt="none"))


def test_none_of_an_old_sign_in_is_login_required(agreed: App, alices: Browser):
    age_sign_ins(hours=2)
    answer = alices.ask(agreed, scope="openid", prompt="none", max_age="3600")
    assert error_of(answer) == "login_required"


@pytest.mark.parametrize("other", ["login", "consent", "select_account"])
def test_none_goes_with_no_other_prompt(agreed: App, alices: Browser, other: str):
    answer = alices.ask(agreed, scope="openid", prompt=f"none {other}")
    assert error_of(answer) == "invalid_request"


def test_none_shows_no_page_even_to_a_post(app: App, alices: Browser):
    """The consent of another request cannot be posted to a silent one."""
    page = alices.ask(app, scope="openid")
    body = {
        "csrfmiddlewaretoken": str(page.context["csrf_token"]),
        "membership": alices.person.membership.public_id,
    }
    answer = alices.client.post(address(app, scope="openid", prompt="none"), body)
    assert error_of(answer) == "consent_required"
    assert not Consent.objects.exists()


# prompt=login


def test_login_asks_for_a_fresh_sign_in_exactly_once(agreed: App, alices: Browser):
    answer = alices.ask(agreed, scope="openid", prompt="login")
    assert wants_sign_in(answer)
    assert got_code(sign_in_again(alices, answer))


def test_login_asks_again_for_each_request(agreed: App, alices: Browser):
    sign_in_again(alices, alices.ask(agreed, scope="openid", prompt="login"))
    answer = alices.ask(agreed, scope="openid", prompt="login", state="the next")
    assert wants_sign_in(answer)


def test_login_is_not_passed_by_going_back_without_signing_in(
    agreed: App, alices: Browser
):
    age_sign_ins(minutes=5)
    answer = alices.ask(agreed, scope="openid", prompt="login")
    target = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    assert wants_sign_in(alices.client.get(target))


def test_login_is_not_passed_by_the_marker_of_another_request(
    agreed: App, alices: Browser
):
    answer = alices.ask(agreed, scope="openid", prompt="login")
    sign_in_again(alices, answer)
    target = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    marker = parse_qs(urlsplit(target).query)["asked"][0]
    other = address(agreed, scope="openid", prompt="login", nonce="another")
    assert wants_sign_in(alices.client.get(f"{other}&{urlencode({'asked': marker})}"))


def test_login_is_not_passed_by_a_marker_of_ones_own_making(
    agreed: App, alices: Browser
):
    path = address(agreed, scope="openid", prompt="login", asked="nonsense")
    assert wants_sign_in(alices.client.get(path))


def test_login_is_satisfied_by_a_marker_for_a_while_only(
    agreed: App, alices: Browser, clock
):
    answer = alices.ask(agreed, scope="openid", prompt="login")
    target = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    clock.shift(1)
    assert got_code(sign_in_again(alices, answer))
    clock.shift(901)
    assert wants_sign_in(alices.client.get(target))


def test_login_holds_until_the_consent_is_given(app: App, alices: Browser):
    shown = sign_in_again(alices, alices.ask(app, scope="openid", prompt="login"))
    assert got_code(say_yes(alices, shown))


def test_login_lets_somebody_else_in(agreed: App, alices: Browser, bob: Person):
    answer = alices.ask(agreed, scope="openid", prompt="login")
    alices.person = bob
    shown = sign_in_again(alices, answer)
    assert shown.context["membership"] == bob.membership


# prompt=consent and prompt=select_account


@pytest.mark.parametrize("prompt", ["consent", "select_account", "login consent"])
def test_the_page_is_shown_although_consent_stands(
    agreed: App, alices: Browser, prompt: str
):
    shown = alices.ask(agreed, scope="openid", prompt=prompt)
    if "login" in prompt:
        shown = sign_in_again(alices, shown)
    assert shown.status_code == 200
    assert got_code(say_yes(alices, shown))
    assert Consent.objects.count() == 1


def test_select_account_offers_another_account(agreed: App, alices: Browser):
    shown = alices.ask(agreed, scope="openid", prompt="select_account")
    assert "alice@acme.test" in shown.content.decode()
    assert shown.context["sign_in"].startswith("/login?")


def test_an_unknown_prompt_changes_nothing(agreed: App, alices: Browser):
    assert got_code(alices.ask(agreed, scope="openid", prompt="dance"))


def test_approval_prompt_is_not_looked_at(app: App, alices: Browser):
    shown = alices.ask(app, scope="openid", approval_prompt="auto")
    assert shown.status_code == 200
