"""Letting a device in: the code that a person types (RFC 8628 3.3)."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.accounts.conftest import clock as clock
from tests.cast import Person, person
from tests.oauth.conftest import App, Browser
from tests.oauth.speaking import (
    refused,
)
from tests.oauth.typing_codes import PAGE, begin, decide, poll, type_in
from tests.oauth.typing_codes import tool as tool

pytestmark = pytest.mark.django_db


def test_the_code_may_be_typed_in_any_spelling(tool: App, alices: Browser):
    code = begin(tool)["user_code"]
    first, _, second = code.partition("-")
    for spelling in (
        code.lower(),
        first + second,
        f" {first} {second} ",
        f"{first}–{second}".lower(),
    ):
        assert type_in(alices, spelling).status_code == 200, spelling


def test_nobody_is_let_in_without_a_sign_in(tool: App):
    begun = begin(tool)
    browser = Client(enforce_csrf_checks=True)
    address = f"{PAGE}?user_code={begun['user_code']}"
    answer = browser.get(address)
    assert answer.headers["Location"].startswith("/login?next=")
    assert begun["user_code"] in answer.headers["Location"]


def test_the_link_of_the_device_fills_the_code_in_and_decides_nothing(
    tool: App, alices: Browser
):
    begun = begin(tool)
    shown = alices.client.get(f"{PAGE}?user_code={begun['user_code']}")
    assert f'value="{begun["user_code"]}"' in shown.content.decode()
    refused(poll(tool, begun), "authorization_pending")


def test_the_page_says_what_is_asked_for_and_by_whom(tool: App, alices: Browser):
    begun = begin(tool, "scans_read email")
    page = type_in(alices, begun["user_code"]).content.decode()
    for words in (
        "Scan Tool",
        "alice@acme.test",
        "Acme",
        "Not you?",
        "Read scan results",
        "See your e-mail address",
        begun["user_code"],
    ):
        assert words in page


def test_the_page_of_one_person_is_not_answered_by_another(
    tool: App, alices: Browser, bobs: Browser, bob: Person
):
    begun = begin(tool)
    bobs.person = alices.person
    shown = decide(bobs, begun["user_code"])
    assert shown.context["membership"] == bob.membership
    refused(poll(tool, begun), "authorization_pending")


def test_a_decision_needs_the_pages_own_form(tool: App, alices: Browser):
    begun = begin(tool)
    body = {
        "user_code": begun["user_code"],
        "membership": alices.person.membership.public_id,
    }
    assert alices.client.post(f"{PAGE}/allow", body).status_code == 403
    refused(poll(tool, begun), "authorization_pending")


def test_a_viewer_gives_what_a_viewer_has(tool: App, alice: Person):
    viewer = person("vera@acme.test", alice.organization, "viewer")
    browser = Browser(viewer).sign_in()
    begun = begin(tool, "scans_read scans_write")
    shown = type_in(browser, begun["user_code"])
    assert [scope for scope, _ in shown.context["withheld"]] == ["scans_write"]
    decide(browser, begun["user_code"])
    assert poll(tool, begun).json()["scope"] == "scans_read"


def test_a_device_of_a_private_application_stays_closed_to_strangers(
    tool: App, carol: Person
):
    carols = Browser(carol).sign_in()
    begun = begin(tool)
    assert type_in(carols, begun["user_code"]).status_code == 403
    assert decide(carols, begun["user_code"]).status_code == 403
    refused(poll(tool, begun), "authorization_pending")


def test_guessing_at_codes_is_braked(tool: App, alices: Browser):
    for _ in range(10):
        assert type_in(alices, "BBBB-BBBB").status_code == 400
    begun = begin(tool)
    answer = type_in(alices, begun["user_code"])
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
