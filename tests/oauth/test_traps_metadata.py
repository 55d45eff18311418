"""Traps 15, 18 and 20 of stock servers: what the documents about the server say."""

from __future__ import annotations

import pytest

from accounts.products import products
from oauth import metadata
from tests.oauth.conftest import MOUNTS
from tests.oauth.knocking import API, api, get, visitor

pytestmark = pytest.mark.django_db
SERVER = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
)
RESOURCE = "/.well-known/oauth-protected-resource"


def test_both_documents_are_the_same():
    # Section 1: the one lacked the device endpoint and userinfo.
    first, second = (get(path) for path in SERVER)
    assert first.content == second.content
    document = first.json()
    for name in ("device_authorization", "userinfo", "introspection", "revocation"):
        assert document[f"{name}_endpoint"].startswith(document["issuer"])


def test_no_document_offers_a_scope_that_opens_everything():
    # Section 4.15: some clients ask for every scope that is advertised.
    powerful = {
        scope.word
        for product in products().values()
        for scope in product.scopes.values()
        if scope.implies_all
    }
    assert powerful == {"admin"}
    for path in (*SERVER, RESOURCE):
        offered = set(get(path).json()["scopes_supported"])
        assert {"openid", "scans_read", "scan:read"} <= offered
        assert not offered & (powerful | {"introspection", "introspect"})


def test_what_is_not_supported_is_said():
    # Trap 18: the default of request_uri_parameter_supported is true.
    document = get(SERVER[0]).json()
    assert document["request_uri_parameter_supported"] is False
    assert document["request_parameter_supported"] is False
    assert document["claims_parameter_supported"] is False
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert not {"implicit", "password"} & set(document["grant_types_supported"])
    # Section 7: ID tokens by HS256, under a secret that was stored as a hash.
    assert set(document["id_token_signing_alg_values_supported"]) == {"RS256", "ES256"}
    assert "none" in document["token_endpoint_auth_methods_supported"]
    assert "none" not in document["introspection_endpoint_auth_methods_supported"]


def test_every_endpoint_that_is_named_is_there(settings):
    document = get(SERVER[0]).json()
    endpoints = [
        address.removeprefix(settings.PUBLIC_URL)
        for name, address in document.items()
        if name.endswith(("_endpoint", "_uri"))
    ]
    assert len(endpoints) == 9
    for path in endpoints:
        assert get(path).status_code != 404, path


@pytest.mark.parametrize("path", [*SERVER, RESOURCE])
def test_a_document_may_be_read_from_every_page(path: str):
    answer = get(path, Origin="https://spa.example.com")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert visitor().head(path).status_code == 200
    for method in ("post", "put", "delete"):
        refusal = getattr(visitor(), method)(path)
        assert refusal.status_code in (403, 405)
        assert "json" in refusal.headers["Content-Type"]


def test_a_refused_call_leads_to_the_server_that_issues_tokens(settings):
    # Section 0: 9728 leads to 8414.
    challenge = api("nr_oat_unknown", API).headers["WWW-Authenticate"]
    named = challenge.partition('resource_metadata="')[2].partition('"')[0]
    document = get(named.removeprefix(settings.PUBLIC_URL)).json()
    assert document["resource"] == settings.PUBLIC_URL
    [server] = document["authorization_servers"]
    assert get(SERVER[1]).json()["issuer"] == server
    assert document["bearer_methods_supported"] == ["header"]


def test_the_second_mount_has_no_issuer_of_its_own():
    # Section 3: two issuers would be two servers.
    for path in SERVER:
        assert get(f"{MOUNTS[1]}{path}").status_code == 404
        assert get(f"{path}{MOUNTS[1]}").status_code == 404
    assert MOUNTS[1] not in str(metadata.server_metadata())
