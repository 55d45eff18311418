"""What the server says about itself is true (RFC 8414, OpenID Connect Discovery, RFC
9728)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import App, Browser, register
from tests.oauth.speaking import (
    JWKS,
    SCANS,
    call_proof,
    calls,
    claims_of,
    token_proof,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("signing_keys")]

CONFIGURATION = "/.well-known/openid-configuration"
SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
DOCUMENTS = (CONFIGURATION, SERVER, RESOURCE)
# What a GET without anything is told there.
ENDPOINTS = {
    "authorization_endpoint": 400,
    "token_endpoint": 405,
    "userinfo_endpoint": 401,
    "revocation_endpoint": 405,
    "introspection_endpoint": 405,
    "pushed_authorization_request_endpoint": 405,
    "device_authorization_endpoint": 405,
    "end_session_endpoint": 200,
    "jwks_uri": 200,
    "service_documentation": 200,
}


@pytest.fixture
def metadata() -> dict[str, Any]:
    found: dict[str, Any] = Client().get(CONFIGURATION).json()
    return found


def test_both_documents_are_the_same():
    assert Client().get(CONFIGURATION).json() == Client().get(SERVER).json()


def test_the_issuer_is_the_public_address_without_anything_after_it(metadata):
    assert metadata["issuer"] == settings.PUBLIC_URL
    assert urlsplit(metadata["issuer"]).path == ""


def test_every_required_member_is_there(metadata):
    required = {
        # RFC 8414 2
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "response_types_supported",
        # OpenID Connect Discovery 3
        "jwks_uri",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }
    assert required <= metadata.keys()
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]


def test_no_member_is_empty(metadata):
    """RFC 8414 3.2: a claim with no values is left out."""
    assert [name for name, value in metadata.items() if value in ([], "", None)] == []


@pytest.mark.parametrize(("name", "status"), ENDPOINTS.items())
def test_every_advertised_endpoint_exists_and_answers(metadata, name, status):
    address = metadata[name]
    assert address.startswith(f"{settings.PUBLIC_URL}/")
    path = address.removeprefix(settings.PUBLIC_URL)
    assert Client().get(path).status_code == status


def test_no_other_endpoint_is_advertised(metadata):
    found = {name for name in metadata if name.endswith("_endpoint")}
    assert found == {name for name in ENDPOINTS if name.endswith("_endpoint")}


def test_the_scope_that_stands_for_all_is_not_advertised(metadata):
    assert "admin" not in metadata["scopes_supported"]
    assert "admin" not in Client().get(RESOURCE).json()["scopes_supported"]
    assert {"openid", "scans_read", "scan:read"} <= set(metadata["scopes_supported"])


def test_only_grants_that_exist_are_advertised(metadata):
    assert metadata["grant_types_supported"] == [
        "authorization_code",
        "client_credentials",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ]
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_what_is_refused_is_not_left_to_the_defaults(metadata):
    """Without the member `request_uri` would be supported (Discovery 3)."""
    assert metadata["request_uri_parameter_supported"] is False
    assert metadata["request_parameter_supported"] is False
    assert metadata["claims_parameter_supported"] is False


def test_the_ways_to_prove_a_client_are_those_that_applications_can_have(metadata):
    methods = {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
    assert set(metadata["token_endpoint_auth_methods_supported"]) == methods
    introspection = metadata["introspection_endpoint_auth_methods_supported"]
    assert set(introspection) == methods - {"none"}


def test_signed_messages_never_have_a_symmetric_algorithm_or_none(metadata):
    found = {
        algorithm
        for name, algorithms in metadata.items()
        if "signing_alg" in name
        for algorithm in algorithms
    }
    assert found
    assert not {each for each in found if each == "none" or each.startswith("HS")}


def test_each_claim_that_is_advertised_is_given(metadata, app: App, alices: Browser):
    tokens = alices.tokens(app, scope="openid profile email", nonce="n")
    given = claims_of(tokens["id_token"], audience=app.client_id)
    assert set(metadata["claims_supported"]) == given.keys()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_may_be_kept_and_read_by_any_page(document):
    answer = Client().get(document, headers={"Origin": "https://app.example"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_only_read(document):
    answer = Client(enforce_csrf_checks=True).post(document)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_the_resource_names_its_server_and_how_tokens_are_sent():
    told = Client().get(RESOURCE).json()
    assert told["resource"] == settings.PUBLIC_URL
    assert told["authorization_servers"] == [settings.PUBLIC_URL]
    assert told["bearer_methods_supported"] == ["header"]


@pytest.mark.parametrize("shown", ["", "Bearer nonsense", "DPoP nonsense"])
def test_a_refusal_leads_to_the_server_step_by_step(shown):
    """RFC 9728 5: challenge, resource metadata, server metadata."""
    headers = {"Authorization": shown} if shown else {}
    refusal = Client().get(SCANS, headers=headers)
    assert refusal.status_code == 401
    found = re.search(
        r'resource_metadata="([^"]+)"', refusal.headers["WWW-Authenticate"]
    )
    assert found is not None
    resource = Client().get(found[1].removeprefix(settings.PUBLIC_URL)).json()
    (issuer,) = resource["authorization_servers"]
    assert Client().get(SERVER).json()["issuer"] == issuer


def test_every_published_key_is_public_and_named():
    keys = Client().get(JWKS).json()["keys"]
    assert keys
    for key in keys:
        assert {"kid", "kty", "alg", "use"} <= key.keys()
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "k"} & key.keys()


def test_dpop_works_with_each_algorithm_that_is_advertised(metadata, alice: Person):
    app = register(alice, type="machine", redirect_uris="")
    for algorithm in metadata["dpop_signing_alg_values_supported"]:
        prover = Prover(algorithm)
        answer = app.token(
            token_proof(app, prover),
            grant_type="client_credentials",
            scope="scans_read",
        )
        token = answer.json()["access_token"]
        called = calls(token, scheme="DPoP", **call_proof(prover, token))
        assert called.status_code == 200, algorithm
