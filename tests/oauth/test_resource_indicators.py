"""Which resource a token is for (RFC 8707)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.accounts.forging import read
from tests.cast import Person
from tests.oauth.conftest import CALLBACK, App, Browser, register, sent_back
from tests.oauth.speaking import assert_lives, calls, refused, url_of

pytestmark = pytest.mark.django_db

HERE = "http://localhost:8000"
THERE = "https://billing.example/api"
ELSEWHERE = "https://reports.example/"


@pytest.fixture
def machine(alice: Person) -> App:
    return register(alice, type="machine", redirect_uris="")


def own_token(machine: App, **body: Any) -> Any:
    """By JSON, which can say several resources."""
    whole = {
        **machine.proof,
        "grant_type": "client_credentials",
        "scope": "scans_read",
        **body,
    }
    return Client().post("/oauth/token", whole, content_type="application/json")


def tokens_for(app: App, browser: Browser, *resource: str) -> dict[str, Any]:
    code = browser.code(app, **{"resource": resource[0]}) if resource else ""
    answer = app.exchange(code)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_without_a_resource_a_token_is_for_this_service(app: App, alices: Browser):
    token = alices.tokens(app)["access_token"]
    assert app.introspect(token)["aud"] == HERE
    assert_lives(token)


def test_the_resource_of_the_authorization_is_the_tokens_audience(
    app: App, alices: Browser
):
    tokens = tokens_for(app, alices, THERE)
    assert app.introspect(tokens["access_token"])["aud"] == THERE


def test_it_stays_that_of_the_family(app: App, alices: Browser):
    tokens = tokens_for(app, alices, THERE)
    refreshed = app.refresh(tokens["refresh_token"]).json()
    assert app.introspect(refreshed["access_token"])["aud"] == THERE


def test_a_jwt_names_it(alice: Person, alices: Browser):
    app = register(alice, access_token_format="jwt")
    tokens = tokens_for(app, alices, THERE)
    assert read(tokens["access_token"])[1]["aud"] == THERE


def test_several_resources_are_a_list(machine: App):
    answer = own_token(machine, resource=[THERE, ELSEWHERE])
    token = answer.json()["access_token"]
    assert machine.introspect(token)["aud"] == [THERE, ELSEWHERE]


def test_a_form_may_repeat_it(machine: App):
    body = (
        f"client_id={machine.client_id}&client_secret={machine.secret}"
        "&grant_type=client_credentials&scope=scans_read"
        f"&resource={THERE}&resource={ELSEWHERE}"
    )
    kind = "application/x-www-form-urlencoded"
    answer = Client().post("/oauth/token", body, content_type=kind)
    assert machine.introspect(answer.json()["access_token"])["aud"] == [
        THERE,
        ELSEWHERE,
    ]


def test_a_code_for_two_resources_gives_a_token_for_one(app: App, alices: Browser):
    query = f"&resource={THERE}&resource={ELSEWHERE}"
    page = alices.client.get(_address(app) + query)
    body = {
        "csrfmiddlewaretoken": str(page.context["csrf_token"]),
        "membership": alices.person.membership.public_id,
        "scopes": str(page.context["given"]),
    }
    answer = alices.client.post(_address(app) + query, body)
    tokens = app.exchange(sent_back(answer)["code"], resource=ELSEWHERE).json()
    assert app.introspect(tokens["access_token"])["aud"] == ELSEWHERE
    # The next may be for the other, or for both.
    second = app.refresh(tokens["refresh_token"], resource=THERE).json()
    assert app.introspect(second["access_token"])["aud"] == THERE
    third = app.refresh(second["refresh_token"]).json()
    assert app.introspect(third["access_token"])["aud"] == [THERE, ELSEWHERE]


def test_who_named_none_may_name_one_at_the_token_endpoint(app: App, alices: Browser):
    answer = app.exchange(alices.code(app), resource=THERE)
    assert app.introspect(answer.json()["access_token"])["aud"] == THERE


def test_another_resource_than_was_authorized_is_refused(app: App, alices: Browser):
    code = alices.code(app, resource=THERE)
    refused(app.exchange(code, resource=ELSEWHERE), "invalid_target")
    # It used nothing up.
    tokens = app.exchange(code).json()
    refused(app.refresh(tokens["refresh_token"], resource=HERE), "invalid_target")
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "resource",
    ["billing", "/api", "https://billing.example/#part", "https:", "a b", "https://[x"],
)
def test_what_is_no_absolute_address_is_refused(
    machine: App, app: App, alices: Browser, resource: str
):
    refused(own_token(machine, resource=resource), "invalid_target")
    told = sent_back(alices.ask(app, resource=resource))
    assert told["error"] == "invalid_target"
    assert told["iss"] == HERE


@pytest.mark.parametrize("resource", [7, {"a": 1}, [["a"]], [7], True])
def test_what_is_no_text_is_refused(machine: App, resource: object):
    refused(own_token(machine, resource=resource), "invalid_request")


def test_a_token_for_another_resource_opens_nothing_here(app: App, alices: Browser):
    token = tokens_for(app, alices, THERE)["access_token"]
    answer = calls(token)
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_credential"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    # It is not dead: the service that it is for asks us about it.
    assert app.introspect(token)["active"] is True


@pytest.mark.parametrize("path", ["", "/", "/api/v1", "/api/v1/scans"])
def test_a_token_for_this_service_opens_it_however_it_is_named(machine: App, path: str):
    token = own_token(machine, resource=url_of(path)).json()["access_token"]
    assert_lives(token)


def test_a_token_for_this_service_and_another_opens_it(machine: App):
    token = own_token(machine, resource=[THERE, HERE]).json()["access_token"]
    assert_lives(token)


@pytest.mark.parametrize(
    "other",
    ["http://localhost:8001", "https://localhost:8000", "http://localhost:8000.evil"],
)
def test_a_service_that_looks_alike_is_another(machine: App, other: str):
    token = own_token(machine, resource=other).json()["access_token"]
    assert calls(token).status_code == 401


def _address(app: App) -> str:
    return (
        f"/oauth/authorize?client_id={app.client_id}&response_type=code"
        f"&redirect_uri={CALLBACK}&scope=scans_read"
    )
