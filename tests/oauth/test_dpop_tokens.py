"""Tokens that are bound to a key of the client (RFC 9449)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from oauth.models import AccessToken
from tests.accounts.conftest import clock as clock
from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import (
    MOUNTS,
    App,
    Browser,
    pkce,
    register,
)
from tests.oauth.speaking import (
    SCANS,
    call_proof,
    calls,
    refused,
    token_proof,
    url_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def prover() -> Prover:
    return Prover()


@pytest.fixture
def native(alice: Person) -> App:
    """A public client."""
    return register(alice, type="native")


def bound(app: App, browser: Browser, prover: Prover, **query: str) -> dict[str, Any]:
    """Tokens that are bound to the key from the exchange on."""
    verifier, challenge = pkce()
    method = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = browser.code(app, **method, **query)
    proof = token_proof(app, prover)
    answer = app.exchange(code, _headers=proof, code_verifier=verifier)
    assert answer.status_code == 200, answer.content
    tokens: dict[str, Any] = answer.json()
    return tokens


def used(prover: Prover, token: str, **changes: Any) -> Any:
    """What the API answers to the token with a proof."""
    proof = prover.proof("GET", url_of(SCANS), token, **changes)
    return calls(token, scheme="DPoP", DPoP=proof)


# The token endpoint


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_proof_binds_the_access_token(
    app: App, alices: Browser, prover: Prover, mount: str
):
    app.mount = mount
    tokens = bound(app, alices, prover)
    assert tokens["token_type"] == "DPoP"
    assert used(prover, tokens["access_token"]).status_code == 200


def test_without_a_proof_tokens_are_bearer_tokens(app: App, alices: Browser):
    assert alices.tokens(app)["token_type"] == "bearer"
    assert AccessToken.objects.get().dpop_jkt == ""


def test_an_application_of_its_own_can_bind_its_token(alice: Person, prover: Prover):
    app = register(alice, type="machine", redirect_uris="")
    answer = app.token(
        token_proof(app, prover), grant_type="client_credentials", scope="scans_read"
    )
    assert answer.json()["token_type"] == "DPoP"
    assert used(prover, answer.json()["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htu": "http://localhost:8000/oauth/par"},
        {"htu": "https://evil.example/oauth/token"},
        {"iat": 1},
        {"jti": None},
        {"header": {"typ": "JWT"}},
        {"header": {"alg": "none"}},
        {"header": {"jwk": None}},
    ],
)
def test_a_proof_for_something_else_gets_no_token(
    app: App, alices: Browser, prover: Prover, changes: dict[str, Any]
):
    proof = token_proof(app, prover, **changes)
    answer = app.exchange(alices.code(app), _headers=proof)
    refused(answer, "invalid_dpop_proof")
    assert not AccessToken.objects.exists()


def test_a_proof_signed_by_another_key_gets_no_token(
    app: App, alices: Browser, prover: Prover
):
    proof = token_proof(app, prover, header={"jwk": Prover().jwk})
    refused(app.exchange(alices.code(app), _headers=proof), "invalid_dpop_proof")


def test_a_proof_works_once(app: App, alices: Browser, prover: Prover):
    proof = token_proof(app, prover)
    assert app.exchange(alices.code(app), _headers=proof).status_code == 200
    refused(app.exchange(alices.code(app), _headers=proof), "invalid_dpop_proof")


def test_a_refused_proof_leaves_the_code_as_it_was(
    app: App, alices: Browser, prover: Prover
):
    code = alices.code(app)
    wrong = token_proof(app, prover, htm="GET")
    refused(app.exchange(code, _headers=wrong), "invalid_dpop_proof")
    assert app.exchange(code, _headers=token_proof(app, prover)).status_code == 200


# The resource


def test_a_bound_token_is_no_bearer_token(app: App, alices: Browser, prover: Prover):
    token = bound(app, alices, prover)["access_token"]
    answer = calls(token)
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_dpop_proof"


def test_a_bearer_token_is_no_dpop_token(app: App, alices: Browser, prover: Prover):
    token = alices.tokens(app)["access_token"]
    assert used(prover, token).status_code == 401


def test_a_refusal_asks_for_a_proof_and_says_by_which_algorithms(
    app: App, alices: Browser, prover: Prover
):
    token = bound(app, alices, prover)["access_token"]
    challenge = calls(token, scheme="DPoP").headers["WWW-Authenticate"]
    assert challenge.startswith("DPoP ")
    assert 'error="invalid_dpop_proof"' in challenge
    known = Client().get("/.well-known/openid-configuration").json()
    algorithms = " ".join(known["dpop_signing_alg_values_supported"])
    assert f'algs="{algorithms}"' in challenge


def test_another_key_opens_nothing(app: App, alices: Browser, prover: Prover):
    token = bound(app, alices, prover)["access_token"]
    assert used(Prover(), token).status_code == 401


def test_a_proof_opens_one_request(app: App, alices: Browser, prover: Prover):
    token = bound(app, alices, prover)["access_token"]
    proof = call_proof(prover, token)
    assert calls(token, scheme="DPoP", **proof).status_code == 200
    assert calls(token, scheme="DPoP", **proof).status_code == 401


def test_a_proof_is_for_one_token(app: App, alices: Browser, prover: Prover):
    first = bound(app, alices, prover)["access_token"]
    second = bound(app, alices, prover)["access_token"]
    proof = call_proof(prover, first)
    assert calls(second, scheme="DPoP", **proof).status_code == 401


def test_a_proof_names_its_token(app: App, alices: Browser, prover: Prover):
    token = bound(app, alices, prover)["access_token"]
    assert used(prover, token, ath=None).status_code == 401


def test_a_proof_is_for_one_method_and_one_address(
    app: App, alices: Browser, prover: Prover
):
    token = bound(app, alices, prover)["access_token"]
    assert used(prover, token, htm="POST").status_code == 401
    assert used(prover, token, htu=url_of("/api/v1/devices")).status_code == 401


def test_a_proof_is_fresh(app: App, alices: Browser, prover: Prover, clock):
    token = bound(app, alices, prover)["access_token"]
    proof = call_proof(prover, token)
    clock.shift(61)
    assert calls(token, scheme="DPoP", **proof).status_code == 401


def test_two_proofs_are_one_too_many(app: App, alices: Browser, prover: Prover):
    token = bound(app, alices, prover)["access_token"]
    both = ",".join(call_proof(prover, token)["DPoP"] for _ in range(2))
    assert calls(token, scheme="DPoP", DPoP=both).status_code == 401
