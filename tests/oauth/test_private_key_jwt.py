"""Applications that prove themselves by a key (RFC 7523 2.2 and 3)."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from django.utils import timezone

from accounts.models import SeenOnce
from oauth.models import Application
from tests.accounts.conftest import clock as clock
from tests.accounts.forging import altered, by_nobody, by_secret
from tests.accounts.proving import Prover
from tests.cast import Person
from tests.oauth.conftest import MOUNTS, App, Browser, register
from tests.oauth.speaking import ASSERTION_TYPE, assertion, refused, url_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def prover() -> Prover:
    return Prover()


def keyed(owner: Person, *provers: Prover, **fields: Any) -> App:
    """A machine whose keys are named 1, 2, …"""
    named = enumerate(provers, 1)
    keys = [{**prover.jwk, "kid": str(number)} for number, prover in named]
    app = register(
        owner,
        **{
            "type": "machine",
            "token_endpoint_auth_method": "private_key_jwt",
            "secret_digest": None,
            "secret_created_at": None,
            "client_jwks": {"keys": keys},
            **fields,
        },
    )
    app.secret = ""
    return app


@pytest.fixture
def machine(alice: Person, prover: Prover) -> App:
    return keyed(alice, prover)


def ask(app: App, **proof: str) -> Any:
    return app.token(grant_type="client_credentials", scope="scans_read", **proof)


def rejected(app: App, proof: dict[str, str]) -> None:
    refused(ask(app, **proof), "invalid_client", 401)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"])
def test_each_algorithm_proves_the_client(alice: Person, algorithm: str):
    prover = Prover(algorithm)
    app = keyed(alice, prover)
    assert ask(app, **assertion(app, prover)).status_code == 200


def test_the_client_need_not_be_named_beside_it(machine: App, prover: Prover):
    """RFC 7523 3: `sub` is the client_id."""
    machine_alone = App(machine.row)
    proof = assertion(machine, prover)
    body = {"grant_type": "client_credentials", "scope": "scans_read", **proof}
    answer = machine_alone.post("token", client_id="", **body)
    assert answer.status_code == 200


def test_another_name_beside_it_is_refused(machine: App, prover: Prover, alice: Person):
    other = register(alice, type="machine")
    proof = assertion(machine, prover)
    answer = machine.token(
        grant_type="client_credentials",
        scope="scans_read",
        **{**proof, "client_id": other.client_id},
    )
    refused(answer, "invalid_client", 401)


def test_an_assertion_works_once(machine: App, prover: Prover):
    proof = assertion(machine, prover)
    assert ask(machine, **proof).status_code == 200
    rejected(machine, proof)


def test_a_jti_works_once_in_whatever_assertion(machine: App, prover: Prover):
    assert ask(machine, **assertion(machine, prover, jti="the one")).status_code == 200
    rejected(machine, assertion(machine, prover, jti="the one", exp=_in(50)))


def test_a_jti_belongs_to_its_client(alice: Person, prover: Prover):
    for _ in range(2):
        app = keyed(alice, prover)
        assert ask(app, **assertion(app, prover, jti="the one")).status_code == 200


def test_an_assertion_is_remembered_as_long_as_it_lives(
    machine: App, prover: Prover, clock
):
    proof = assertion(machine, prover, exp=_in(3500))
    assert ask(machine, **proof).status_code == 200
    clock.shift(3520)
    SeenOnce.objects.filter(expires_at__lte=timezone.now()).delete()
    rejected(machine, proof)


@pytest.mark.parametrize("path", ["", "/"] + [f"{mount}/token" for mount in MOUNTS])
def test_it_may_be_meant_for_the_issuer_or_the_endpoint(
    machine: App, prover: Prover, path: str
):
    proof = assertion(machine, prover, aud=url_of(path))
    assert ask(machine, **proof).status_code == 200


def test_we_may_be_one_of_several_audiences(machine: App, prover: Prover):
    several = ["https://elsewhere.example", url_of("")]
    assert ask(machine, **assertion(machine, prover, aud=several)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": "http://localhost:8000.evil.example"},
        {"aud": []},
        {"aud": None},
        {"aud": 7},
        {"iss": "app_other"},
        {"iss": None},
        {"sub": "app_other"},
        {"sub": None},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 257},
        {"jti": 7},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": 10**20},
        {"exp": "9" * 30},
        {"exp": True},
    ],
    ids=str,
)
def test_an_assertion_with_a_wrong_claim_proves_nothing(
    machine: App, prover: Prover, changes: dict[str, Any]
):
    rejected(machine, _signed(machine, prover, **changes))


@pytest.mark.parametrize(
    "seconds", [{"exp": 3700}, {"exp": -40}, {"iat": 120}, {"nbf": 120}], ids=str
)
def test_an_assertion_of_another_time_proves_nothing(
    machine: App, prover: Prover, seconds: dict[str, int]
):
    claims: dict[str, Any] = {name: _in(value) for name, value in seconds.items()}
    rejected(machine, assertion(machine, prover, **claims))


def test_a_clock_that_is_a_little_wrong_is_forgiven(machine: App, prover: Prover):
    proof = assertion(machine, prover, iat=_in(20), exp=_in(80))
    assert ask(machine, **proof).status_code == 200


def test_each_of_several_keys_proves_it_by_its_name(alice: Person):
    first, second = Prover(), Prover("EdDSA")
    app = keyed(alice, first, second)
    for name, prover in (("1", first), ("2", second)):
        proof = assertion(app, prover, header={"kid": name})
        assert ask(app, **proof).status_code == 200


def test_without_a_name_each_key_is_tried(alice: Person):
    first, second = Prover(), Prover()
    app = keyed(alice, first, second)
    assert ask(app, **assertion(app, second, header={})).status_code == 200


@pytest.mark.parametrize("kid", ["9", 1, None, ["1"], {}])
def test_a_key_of_another_name_proves_nothing(
    machine: App, prover: Prover, kid: object
):
    proof = assertion(machine, prover)["client_assertion"]
    signed = altered(proof, prover.sign, header={"kid": kid, "alg": "ES256"})
    expected = 200 if kid is None else 401
    assert ask(machine, **_as_proof(signed)).status_code == expected


def test_the_key_of_another_client_proves_nothing(
    machine: App, prover: Prover, alice: Person
):
    stranger = Prover()
    keyed(alice, stranger)
    rejected(machine, assertion(machine, stranger))


def test_a_key_of_another_kind_proves_nothing(alice: Person):
    app = keyed(alice, Prover("RS256"))
    rejected(app, assertion(app, Prover("ES256")))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES384", "RS1", "", None, 7])
def test_an_algorithm_that_is_not_ours_proves_nothing(
    machine: App, prover: Prover, algorithm: object
):
    proof = assertion(machine, prover)["client_assertion"]
    for sign in (by_nobody, by_secret(str(prover.jwk).encode()), prover.sign):
        forged = altered(proof, sign, header={"alg": algorithm})
        rejected(machine, _as_proof(forged))


def test_a_tampered_assertion_proves_nothing(machine: App, prover: Prover):
    proof = assertion(machine, prover)["client_assertion"]
    rejected(machine, _as_proof(proof[:-4] + "AAAA"))
    rejected(machine, _as_proof(altered(proof, by_nobody)))


@pytest.mark.parametrize("junk", ["junk", "a.b.c", "..", "{}", "eyJ.eyJ.", "\u2603"])
def test_what_is_no_jwt_proves_nothing(machine: App, junk: str):
    rejected(machine, _as_proof(junk))


def test_the_type_of_the_assertion_must_be_told(machine: App, prover: Prover):
    proof = assertion(machine, prover)["client_assertion"]
    refused(ask(machine, client_assertion=proof), "invalid_request")
    other = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    answer = ask(machine, client_assertion=proof, client_assertion_type=other)
    refused(answer, "invalid_request")


def test_an_assertion_and_a_secret_are_one_too_many(machine: App, prover: Prover):
    proof = assertion(machine, prover)
    refused(ask(machine, client_secret="x", **proof), "invalid_request")


def test_a_secret_does_not_stand_in_for_the_key(machine: App):
    refused(ask(machine, client_secret="nr_ocs_" + "a" * 72), "invalid_client", 401)
    refused(ask(machine), "invalid_client", 401)


def test_an_application_with_a_secret_takes_no_assertion(alice: Person, prover: Prover):
    keys = {"keys": [{**prover.jwk, "kid": "1"}]}
    app = register(alice, type="machine", client_jwks=keys)
    app.secret = ""
    rejected(app, assertion(app, prover))


def test_a_public_application_takes_no_assertion(
    alice: Person, alices: Browser, prover: Prover
):
    app = register(alice, type="native")
    tokens = alices.tokens(app)
    answer = app.refresh(tokens["refresh_token"], **assertion(app, prover))
    refused(answer, "invalid_client", 401)


def test_a_key_that_was_taken_out_proves_nothing(machine: App, prover: Prover):
    assert ask(machine, **assertion(machine, prover)).status_code == 200
    Application.objects.update(client_jwks={"keys": [{**Prover().jwk, "kid": "1"}]})
    rejected(machine, assertion(machine, prover))


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_the_other_endpoints_take_it_too(machine: App, prover: Prover, endpoint: str):
    token = ask(machine, **assertion(machine, prover)).json()["access_token"]
    proof = assertion(machine, prover)
    assert machine.post(endpoint, token=token, **proof).status_code == 200
    refused(machine.post(endpoint, token=token, **proof), "invalid_client", 401)


def _in(seconds: int) -> int:
    return int(time.time()) + seconds


def _as_proof(text: str) -> dict[str, str]:
    return {"client_assertion": text, "client_assertion_type": ASSERTION_TYPE}


def _signed(app: App, prover: Prover, **changes: Any) -> dict[str, str]:
    """As an attacker's library signs it: whatever type a claim has."""
    plain = assertion(app, prover)["client_assertion"]
    header = {"alg": prover.algorithm, **jwt.get_unverified_header(plain)}
    return _as_proof(altered(plain, prover.sign, header=header, **changes))
