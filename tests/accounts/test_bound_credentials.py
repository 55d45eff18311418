"""A credential that is bound to a key opens only with a proof of that key."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import jwk
from accounts.authentication import credential_of, sessions
from accounts.credentials import kinds
from accounts.models import Session
from accounts.tokens import claims_of
from tests.accounts.bound import bindable
from tests.accounts.forging import altered, read
from tests.accounts.proving import Prover
from tests.cast import send

WHOAMI = "/api/v1/auth/whoami"
TOKEN = "bindable_bound"
FREE = "bindable_free"
OURS = f"http://localhost:8000{WHOAMI}"


@pytest.fixture
def prover():
    return Prover()


@pytest.fixture
def credential(alice):
    """What alice's session proves."""
    alice.sign_in()
    session = Session.objects.with_people().get()
    return credential_of(session, expires_at=timezone.now() + timedelta(hours=1))


@pytest.fixture
def bound(settings, credential, prover):
    """TOKEN is bound to the prover's key, FREE is not."""
    thumbprint = jwk.thumbprint(prover.jwk)
    bindable.issued = {
        TOKEN: replace(credential, key_thumbprint=thumbprint),
        FREE: credential,
    }
    ours = "tests.accounts.bound.bindable"
    settings.CREDENTIAL_KINDS = [*settings.CREDENTIAL_KINDS, ours]
    kinds.cache_clear()
    yield TOKEN
    kinds.cache_clear()


def show(token=TOKEN, proof=None, *, scheme="DPoP", path=WHOAMI):
    headers = {} if proof is None else {"DPOP": proof}
    return send("GET", path, AUTHORIZATION=f"{scheme} {token}", **headers)


def refused(answer, code="invalid_dpop_proof"):
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    return answer.json()["detail"]


def test_with_a_proof_it_opens(bound, prover):
    answer = show(proof=prover.proof("GET", OURS, bound))
    assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["dpop", "DPOP", "dPoP"])
def test_the_case_of_the_scheme_does_not_matter(bound, prover, scheme):
    answer = show(proof=prover.proof("GET", OURS, bound), scheme=scheme)
    assert answer.status_code == 200


def test_every_address_of_the_product_is_the_resource(bound, prover, settings):
    origins = ["https://app.acme.test", "https://api.acme.test"]
    product = settings.PRODUCTS["netrecon"]
    known = replace(product, app_url=origins[0], api_url=origins[1])
    proofs = [prover.proof("GET", f"{origin}{WHOAMI}", bound) for origin in origins]
    for proof in proofs:
        refused(show(proof=proof))
    settings.PRODUCTS = {"netrecon": known}
    for proof in proofs:
        assert show(proof=proof).status_code == 200


def test_the_query_is_no_part_of_the_proof(bound, prover):
    proof = prover.proof("GET", OURS, bound)
    assert show(proof=proof, path=f"{WHOAMI}?a=1").status_code == 200


def test_without_a_proof_it_is_refused(bound):
    refused(show())


def test_as_a_bearer_token_it_is_refused_even_with_a_proof(bound, prover):
    refused(show(scheme="Bearer"))
    refused(show(proof=prover.proof("GET", OURS, bound), scheme="Bearer"))


def test_the_proof_of_another_key_is_refused(bound):
    detail = refused(show(proof=Prover().proof("GET", OURS, bound)))
    assert "bound to" in detail


def test_a_proof_works_once(bound, prover):
    proof = prover.proof("GET", OURS, bound)
    assert show(proof=proof).status_code == 200
    assert "used before" in refused(show(proof=proof))


@pytest.mark.parametrize(
    ("method", "url", "token"),
    [
        ("POST", OURS, TOKEN),
        ("GET", "http://localhost:8000/api/v1/scans", TOKEN),
        ("GET", "http://evil.test/api/v1/auth/whoami", TOKEN),
        ("GET", OURS, FREE),
        ("GET", OURS, None),
    ],
)
def test_a_proof_of_another_request_is_refused(bound, prover, method, url, token):
    refused(show(proof=prover.proof(method, url, token)))


def test_the_refusal_asks_for_the_scheme_and_names_the_algorithms(bound):
    answer = show(scheme="Bearer")
    assert answer.headers["WWW-Authenticate"] == (
        'DPoP realm="doorward", error="invalid_dpop_proof", '
        'algs="ES256 RS256 PS256 EdDSA Ed25519", '
        'resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource"'
    )


def test_what_is_not_bound_is_shown_as_a_bearer_token(bound, prover):
    assert show(FREE, scheme="Bearer").status_code == 200
    answer = show(FREE, prover.proof("GET", OURS, FREE))
    assert "Bearer" in refused(answer, "invalid_credential")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_session_or_a_key_is_not_taken_with_a_proof(bound, prover, alice, issue):
    for text in (alice.tokens["access_token"], issue("scans_read")[1]):
        refused(show(text, prover.proof("GET", OURS, text)), "invalid_credential")
        assert show(text, scheme="Bearer").status_code == 200


def test_an_unknown_token_is_refused_in_the_scheme_that_was_used(bound, prover):
    token = "bindable_unknown"
    answer = show(token, prover.proof("GET", OURS, token))
    refused(answer, "invalid_credential")
    challenge = 'DPoP realm="doorward", error="invalid_token", algs="ES256 '
    assert answer.headers["WWW-Authenticate"].startswith(challenge)


def test_a_missing_scope_is_told_in_the_scheme_that_was_used(bound, prover, credential):
    bindable.issued[TOKEN] = replace(
        bindable.issued[TOKEN], rights=replace(credential.rights, effective=frozenset())
    )
    url = "http://localhost:8000/api/v1/scans"
    answer = show(proof=prover.proof("GET", url, bound), path="/api/v1/scans")
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"].startswith("DPoP ")


def test_two_proofs_are_refused(bound, prover):
    proofs = [prover.proof("GET", OURS, bound) for _ in range(2)]
    assert "exactly one" in refused(show(proof=", ".join(proofs)))


# Whose token it is


def test_a_token_that_names_no_session_is_none_of_a_session(alice):
    token = alice.sign_in()["access_token"]
    assert sessions.recognises(token)
    assert not sessions.recognises(altered(token, sid=None, client_id="app_1"))


def test_claims_are_read_before_anybody_verified_them(alice):
    token = alice.sign_in()["access_token"]
    assert claims_of(token) == read(token)[1]


@pytest.mark.parametrize(
    "text",
    [
        *("", "..", "a.b.c", "a.b", "ü.ü.ü", "\ud800.\ud800.x", "e30.W10.", "e30.NQ."),
        *("e30." + "W1tb" * 1500 + ".", "e30." + "e30" * 3000 + "."),
    ],
    ids=lambda text: repr(text)[:12],
)
def test_what_has_no_claims_has_none(text):
    assert claims_of(text) is None
