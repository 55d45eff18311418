"""What else is bound to a key of the client: refresh tokens, codes, and what is told
of it (RFC 9449 5, 6 and 10)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from oauth.models import Application, Grant, RefreshToken
from tests.accounts.conftest import clock as clock
from tests.accounts.forging import read
from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import (
    CALLBACK,
    App,
    Browser,
    pkce,
    register,
    sent_back,
)
from tests.oauth.speaking import (
    SCANS,
    calls,
    refused,
    say_yes,
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


# The refresh token


def test_a_public_clients_refresh_token_is_bound_too(
    native: App, alices: Browser, prover: Prover
):
    tokens = bound(native, alices, prover)
    assert RefreshToken.objects.get().dpop_jkt
    refused(native.refresh(tokens["refresh_token"]), "invalid_dpop_proof")
    other = token_proof(native, Prover())
    answer = native.refresh(tokens["refresh_token"], _headers=other)
    refused(answer, "invalid_dpop_proof")
    proof = token_proof(native, prover)
    next_pair = native.refresh(tokens["refresh_token"], _headers=proof).json()
    assert next_pair["token_type"] == "DPoP"
    assert used(prover, next_pair["access_token"]).status_code == 200


def test_a_refused_proof_does_not_use_the_refresh_token_up(
    native: App, alices: Browser, prover: Prover
):
    """Else whoever stole it could end the family of its owner."""
    tokens = bound(native, alices, prover)
    native.refresh(tokens["refresh_token"], _headers=token_proof(native, prover))
    refused(native.refresh(tokens["refresh_token"]), "invalid_dpop_proof")
    assert not Grant.objects.exclude(revoked_at=None).exists()


def test_a_confidential_client_may_change_its_key(
    app: App, alices: Browser, prover: Prover
):
    """RFC 9449 5: its refresh token is bound to the client itself."""
    tokens = bound(app, alices, prover)
    other = Prover()
    proof = token_proof(app, other)
    next_pair = app.refresh(tokens["refresh_token"], _headers=proof).json()
    assert used(other, next_pair["access_token"]).status_code == 200
    assert used(prover, next_pair["access_token"]).status_code == 401


# The code


@pytest.mark.parametrize("by_post", [False, True])
def test_dpop_jkt_binds_the_code(
    app: App, alices: Browser, prover: Prover, by_post: bool
):
    jkt = thumbprint(prover)
    if by_post:
        code = pushed_code(app, alices, dpop_jkt=jkt)
    else:
        code = alices.code(app, dpop_jkt=jkt)
    refused(app.exchange(code), "invalid_dpop_proof")
    other = token_proof(app, Prover())
    refused(app.exchange(code, _headers=other), "invalid_dpop_proof")
    answer = app.exchange(code, _headers=token_proof(app, prover))
    assert answer.json()["token_type"] == "DPoP"


def test_a_proof_with_the_pushed_request_binds_the_code(
    app: App, alices: Browser, prover: Prover
):
    headers = {"DPoP": prover.proof("POST", url_of("/oauth/par"))}
    code = pushed_code(app, alices, headers=headers)
    refused(app.exchange(code), "invalid_dpop_proof")
    answer = app.exchange(code, _headers=token_proof(app, prover))
    assert answer.status_code == 200


def test_a_pushed_proof_by_another_key_than_dpop_jkt_is_refused(
    app: App, prover: Prover
):
    headers = {"DPoP": prover.proof("POST", url_of("/oauth/par"))}
    jkt = thumbprint(Prover())
    answer = app.post("par", headers, **asked(), dpop_jkt=jkt)
    refused(answer, "invalid_dpop_proof")


def test_a_wrong_proof_with_the_pushed_request_is_refused(app: App, prover: Prover):
    headers = {"DPoP": prover.proof("POST", url_of("/oauth/token"))}
    refused(app.post("par", headers, **asked()), "invalid_dpop_proof")


def test_a_dpop_jkt_that_is_none_is_told(app: App, alices: Browser):
    answer = alices.ask(app, dpop_jkt="x" * 44)
    assert "error=invalid_request" in answer.headers["Location"]


# Applications that must, and what others are told


def test_an_application_may_have_to_bind_its_tokens(
    app: App, alices: Browser, prover: Prover
):
    Application.objects.update(dpop_bound_access_tokens=True)
    code = alices.code(app)
    refused(app.exchange(code), "invalid_dpop_proof")
    answer = app.exchange(code, _headers=token_proof(app, prover))
    tokens = answer.json()
    assert tokens["token_type"] == "DPoP"
    refused(app.refresh(tokens["refresh_token"]), "invalid_dpop_proof")


def test_introspection_names_the_key(app: App, alices: Browser, prover: Prover):
    token = bound(app, alices, prover)["access_token"]
    told = app.introspect(token)
    assert told["cnf"] == {"jkt": thumbprint(prover)}
    assert told["token_type"] == "DPoP"


def test_introspection_of_a_bearer_token_names_no_key(app: App, alices: Browser):
    told = app.introspect(alices.tokens(app)["access_token"])
    assert "cnf" not in told
    assert told["token_type"] == "Bearer"


def test_a_jwt_names_the_key(alice: Person, alices: Browser, prover: Prover):
    app = register(alice, access_token_format="jwt")
    token = bound(app, alices, prover)["access_token"]
    assert read(token)[1]["cnf"] == {"jkt": thumbprint(prover)}
    assert used(prover, token).status_code == 200
    assert calls(token).status_code == 401


def test_revocation_and_introspection_want_no_proof(
    app: App, alices: Browser, prover: Prover
):
    """They take the client's own proof: who holds the token is not asked there."""
    token = bound(app, alices, prover)["access_token"]
    assert app.post("revoke", token=token).status_code == 200
    assert app.introspect(token) == {"active": False}


def test_a_repeated_refresh_gives_the_same_answer_to_the_same_key_only(
    native: App, alices: Browser, prover: Prover
):
    tokens = bound(native, alices, prover)
    first = native.refresh(
        tokens["refresh_token"], _headers=token_proof(native, prover)
    ).json()
    again = native.refresh(
        tokens["refresh_token"], _headers=token_proof(native, prover)
    ).json()
    assert again == first


def thumbprint(prover: Prover) -> str:
    """RFC 7638 3.1, written out for an EC key."""
    members = {name: prover.jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def asked() -> dict[str, str]:
    return {
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "scans_read",
    }


def pushed_code(app: App, browser: Browser, headers: Any = None, **more: str) -> str:
    answer = app.post("par", headers, **asked(), **more)
    query = {"client_id": app.client_id, "request_uri": answer.json()["request_uri"]}
    shown = browser.client.get(f"/oauth/authorize?{urlencode(query)}")
    return sent_back(say_yes(browser, shown))["code"]
