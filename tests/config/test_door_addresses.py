"""Odd addresses, and a credential in one: it is refused before anything happens."""

from urllib.parse import quote

import pytest
from django.test import Client

from accounts import opaque
from apikeys import keys
from scans.models import Scan
from tests.cast import send

SCANS = "/api/v1/scans"
JSON = "application/json"


@pytest.fixture
def key(issue):
    return issue("scans_read", "scans_write")[1]


def refused(answer, secret=""):
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "credential_in_url"
    assert not secret or secret not in answer.content.decode()
    return problem


@pytest.mark.parametrize(
    "name",
    [
        *(
            "access_token",
            "refresh_token",
            "api_key",
            "apikey",
            "x-api-key",
            "x_api_key",
        ),
        *("authorization", "password", "client_secret", "API_KEY", "Access_Token"),
    ],
)
def test_a_parameter_named_like_a_credential_is_refused(db, name):
    for value in ("x", "", "%00"):
        problem = refused(send("GET", f"{SCANS}?limit=5&{name}={value}"))
        assert problem["errors"][0]["field"] == name
    refused(send("GET", f"{SCANS}?{name}"))


def test_a_credential_under_any_name_is_refused(key, alice):
    tokens = alice.sign_in()
    for secret in (key, tokens["access_token"], keys.make("cpf_test_"), "nr_live_half"):
        for query in (f"?x={secret}", f"?y=z&cursor={secret}", f"?x={quote(secret)}"):
            problem = refused(send("GET", SCANS + query), secret)
            assert problem["errors"][0]["field"] == "query"


def test_a_refresh_token_in_an_address_is_refused(alice, nadia):
    for person in (alice, nadia):
        secret = person.sign_in()["refresh_token"]
        refused(send("GET", f"{SCANS}?x={secret}"), secret)
        refused(send("GET", f"{SCANS}/{secret}"), secret)


@pytest.mark.parametrize("brand", ["nr", "cpf"])
@pytest.mark.parametrize("kind", ["oat", "ort", "ocs"])
def test_what_applications_hold_is_refused_in_an_address(db, brand, kind):
    secret = opaque.make(f"{brand}_{kind}_", random_characters=64)
    refused(send("GET", f"{SCANS}?x={secret}"), secret)
    refused(send("GET", f"{SCANS}/{secret}"), secret)


def test_a_credential_as_part_of_a_path_is_refused(key, alice):
    token = alice.sign_in()["access_token"]
    for secret in (key, token):
        for path in (
            f"{SCANS}/{secret}",
            f"/api/{secret}/scans",
            f"{SCANS}/x/{secret}",
        ):
            refused(send("GET", path), secret)


def test_it_is_refused_although_the_same_stands_in_a_header(key):
    refused(send("GET", f"{SCANS}?api_key={key}", X_API_KEY=key), key)


def test_nothing_happens_before_it_is_refused(key):
    refused(send("POST", f"{SCANS}?api_key={key}", {"scope": "full"}, X_API_KEY=key))
    assert not Scan.objects.exists()


def test_it_costs_no_query(key, django_assert_num_queries):
    with django_assert_num_queries(0):
        refused(send("GET", f"{SCANS}?api_key={key}", X_API_KEY=key))


def test_what_is_no_credential_is_an_ordinary_parameter(key, call):
    for query in (
        "?limit=5",
        "?status=queued",
        "?nr_live=x",
        "?q=keys",
        "?x=eyJ.e30.x",
    ):
        assert call(key, "GET", SCANS + query).status_code == 200


def test_the_log_does_not_hold_what_the_address_held(key, alice, caplog):
    with caplog.at_level("DEBUG"):
        for secret in (key, alice.sign_in()["access_token"]):
            send("GET", f"{SCANS}?x={secret}")
            send("GET", f"{SCANS}/{secret}")
            send("GET", f"/login?x={secret}")
            assert secret not in caplog.text


ODD = [
    *("%00", "%ff", "%c0%af", "%ed%a0%80", "%f0%9f%98%80", "..", "%2e%2e"),
    *("%2e%2e%2f", "..%2f..%2fetc%2fpasswd", "'%20OR%201=1--", "<script>", "%0a"),
    *("%0d%0aX-Evil:1", "null", "undefined", "0", "-1", "1e9", "{id}", "$where"),
    *("%24%7B7*7%7D", "~", ";", "%", "%zz", "*", "key_", "_", "%20", "\u00e9"),
    *("x" * 10_000, "scan_" + "0" * 5_000),
]


@pytest.mark.parametrize(
    ("method", "place"),
    [
        *(("GET", "scans/{}"), ("POST", "scans/{}/stop"), ("GET", "{}")),
        *(("GET", "api-keys/{}"), ("PATCH", "api-keys/{}"), ("DELETE", "api-keys/{}")),
        *(("PATCH", "users/{}"), ("DELETE", "users/{}")),
    ],
)
def test_an_odd_id_is_not_found_and_nothing_worse(issue, alice, method, place):
    headers = {"X-API-Key": issue(*alice.organization.product.scopes)[1]}
    client = Client(raise_request_exception=False)
    for odd in ODD:
        path = "/api/v1/" + place.format(odd)
        answer = client.generic(method, path, "{}", JSON, headers=headers)
        assert answer.status_code in (400, 404, 405), path
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_odd_parameter_is_ignored_or_refused(issue):
    headers = {"X-API-Key": issue("scans_read", "api_keys_manage")[1]}
    client = Client(raise_request_exception=False)
    for odd in ODD:
        for query in (f"?cursor={odd}", f"?limit={odd}", f"?status={odd}", f"?{odd}=1"):
            answer = client.get(SCANS + query, headers=headers)
            assert answer.status_code in (200, 400), query


def test_very_many_parameters_are_refused(key, call):
    answer = call(key, "GET", SCANS + "?" + "&".join(["x=y"] * 3_000))
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    "path",
    [
        *("/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/scans", "/api/v1/scans/"),
        *("/API/v1/scans", "/api/v1/Scans", "//api/v1/scans", "/api//v1/scans"),
        *("/api/v1/./scans", "/x/../api/v1/scans", "/api/v1/scans.json", "/api/v1"),
    ],
)
def test_an_address_has_one_spelling(key, call, path):
    answer = call(key, "GET", path)
    assert answer.status_code == 404
    assert "Location" not in answer.headers
