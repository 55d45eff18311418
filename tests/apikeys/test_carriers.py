"""Where a credential may stand in a request, and where it is never read."""

import base64

import pytest
from django.test import Client

from tests.cast import send

WHOAMI = "/api/v1/auth/whoami"


@pytest.fixture
def keys(alice, nadia, issue):
    """A live key of each product that holds every scope, with its credential's id."""
    return [
        issue(*who.organization.product.scopes, owner=who) for who in (alice, nadia)
    ]


def status_and_code(answer):
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_both_products_take_a_key_as_bearer_in_any_case(keys, scheme):
    for api_key, key in keys:
        answer = send("GET", WHOAMI, AUTHORIZATION=f"{scheme} {key}")
        assert answer.json()["credential_id"] == api_key.public_id


def test_both_products_take_a_key_in_x_api_key(keys):
    for api_key, key in keys:
        answer = send("GET", WHOAMI, X_API_KEY=key)
        assert answer.json()["credential_id"] == api_key.public_id


@pytest.mark.parametrize("environment", ["live", "test"])
def test_a_key_of_either_environment_is_taken_both_ways(issue, environment):
    key = issue("scans_read", environment=environment)[1]
    for headers in ({"X_API_KEY": key}, {"AUTHORIZATION": f"Bearer {key}"}):
        assert send("GET", WHOAMI, **headers).json()["environment"] == environment


@pytest.mark.parametrize(
    "path",
    [
        WHOAMI,
        "/api/v1/api-keys",
        "/api/v1/scans",
        "/api/v1/workspaces",
        "/api/v1/users",
    ],
)
def test_every_endpoint_takes_a_key_both_ways(keys, path):
    for _, key in keys:
        in_header = send("GET", path, X_API_KEY=key)
        as_bearer = send("GET", path, AUTHORIZATION=f"Bearer {key}")
        assert in_header.status_code == as_bearer.status_code == 200
        assert in_header.json() == as_bearer.json()


def test_spaces_between_scheme_and_key_do_not_matter(issue):
    key = issue("scans_read")[1]
    assert send("GET", WHOAMI, AUTHORIZATION=f"Bearer   {key}").status_code == 200


def test_an_access_token_is_not_read_from_x_api_key(alice):
    token = alice.sign_in()["access_token"]
    refused = send("GET", WHOAMI, X_API_KEY=token)
    assert status_and_code(refused) == (401, "invalid_credential")


@pytest.mark.parametrize(
    "scheme", ["X-API-Key", "x-api-key", "Api-Key", "Token", "DPoP", "Key", "Bearer:"]
)
def test_no_other_scheme_carries_a_key(issue, scheme):
    key = issue("scans_read")[1]
    refused = send("GET", WHOAMI, AUTHORIZATION=f"{scheme} {key}")
    assert status_and_code(refused) == (401, "invalid_credential")


@pytest.mark.parametrize("form", ["{key}:", ":{key}", "key:{key}"])
def test_basic_authentication_carries_no_key(issue, form):
    key = issue("scans_read")[1]
    words = base64.b64encode(form.format(key=key).encode()).decode()
    refused = send("GET", WHOAMI, AUTHORIZATION=f"Basic {words}")
    assert status_and_code(refused) == (401, "invalid_credential")


@pytest.mark.parametrize("text", ["{key}", "", " ", "Bearer", "Bearer ", "Bearer{key}"])
def test_an_authorization_without_scheme_or_text_is_refused(issue, text):
    key = issue("scans_read")[1]
    refused = send("GET", WHOAMI, AUTHORIZATION=text.format(key=key))
    assert status_and_code(refused) == (401, "invalid_credential")


@pytest.mark.parametrize(
    "authorization", ["Bearer {key}", "Bearer {token}", "Basic eDp5", "Bearer x", ""]
)
def test_two_credentials_in_one_request_are_refused(issue, alice, authorization):
    key = issue("scans_read")[1]
    token = alice.sign_in()["access_token"]
    refused = send(
        "GET",
        WHOAMI,
        X_API_KEY=key,
        AUTHORIZATION=authorization.format(key=key, token=token),
    )
    assert status_and_code(refused) == (400, "two_credentials")


def test_two_credentials_do_nothing_before_they_are_refused(issue, alice):
    key = issue("scans_write")[1]
    body = {"scope": "full"}
    headers = {"X_API_KEY": key, "AUTHORIZATION": f"Bearer {key}"}
    assert send("POST", "/api/v1/scans", body, **headers).status_code == 400
    assert alice.call("GET", "/api/v1/scans").json()["data"] == []


@pytest.mark.parametrize("joined", ["{0},{0}", "{0}, {1}", "{0},", ",{0}", "{0} ,x"])
def test_a_header_that_was_sent_twice_is_refused(keys, joined):
    """A WSGI server joins the values of repeated headers by commas."""
    text = joined.format(*(key for _, key in keys))
    for headers in ({"X_API_KEY": text}, {"AUTHORIZATION": f"Bearer {text}"}):
        refused = send("GET", WHOAMI, **headers)
        assert status_and_code(refused) == (400, "two_credentials")


def test_two_authorizations_of_two_schemes_are_refused(issue):
    key = issue("scans_read")[1]
    refused = send("GET", WHOAMI, AUTHORIZATION=f"Basic eDp5, Bearer {key}")
    assert status_and_code(refused) == (400, "two_credentials")


@pytest.mark.parametrize(
    "name", ["API_KEY", "X_APIKEY", "X_AUTH_TOKEN", "PROXY_AUTHORIZATION", "KEY"]
)
def test_no_other_header_carries_a_key(issue, name):
    key = issue("scans_read")[1]
    refused = send("GET", WHOAMI, **{name: f"Bearer {key}"})
    assert status_and_code(refused) == (401, "credential_required")


@pytest.mark.parametrize("name", ["key", "api_key", "session", "authorization"])
def test_no_cookie_carries_a_key(issue, name):
    client = Client()
    client.cookies[name] = issue("scans_read")[1]
    assert status_and_code(client.get(WHOAMI)) == (401, "credential_required")


def test_the_cookie_of_a_browser_opens_no_endpoint(alice):
    browser = Client()
    signed_in = browser.post(
        "/login", {"email": alice.user.email, "password": alice.password}
    )
    assert signed_in.status_code == 302
    assert status_and_code(browser.get(WHOAMI)) == (401, "credential_required")


def test_no_body_carries_a_key(issue):
    key = issue("scans_write")[1]
    for body in ({"api_key": key}, {"access_token": key}, {"authorization": key}):
        refused = send("POST", "/api/v1/scans", {"scope": "full", **body})
        assert status_and_code(refused) == (401, "credential_required")


def test_a_key_signs_nobody_in_on_a_page(issue):
    key = issue("scans_read")[1]
    home = send("GET", "/admin/", X_API_KEY=key)
    assert home.status_code == 302
    assert home.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/auth/refresh"])
def test_a_public_endpoint_does_not_even_look_at_a_credential(path, issue):
    key = issue("scans_read")[1]
    plain = send("POST", path, {})
    for headers in (
        {"X_API_KEY": "nr_live_wrong"},
        {"X_API_KEY": key, "AUTHORIZATION": f"Bearer {key}"},
        {"AUTHORIZATION": "Basic eDp5"},
    ):
        answer = send("POST", path, {}, **headers)
        assert answer.status_code == plain.status_code == 400
        assert answer.json()["errors"] == plain.json()["errors"]
