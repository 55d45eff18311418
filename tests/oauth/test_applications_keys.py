"""Public keys in place of a secret (RFC 7523): which are taken, and which refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from oauth.models import Application
from tests.oauth.registering import ask, ec_jwk, invalid, made, okp_jwk, rsa_jwk


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize("type", ["web", "machine"])
def test_an_application_may_prove_itself_by_keys_and_then_has_no_secret(
    alice, type, rsa_key, ec_key
):
    keys = {
        "keys": [
            rsa_jwk(rsa_key, kid="r", alg="PS256", use="sig"),
            ec_jwk(ec_key, kid="e", key_ops=["verify"]),
            okp_jwk(ed25519.Ed25519PrivateKey.generate(), kid="o"),
        ]
    }
    body = made(alice, type, token_endpoint_auth_method="private_key_jwt", jwks=keys)
    assert body["jwks"] == keys
    assert "client_secret" not in body
    assert body["secrets"] == []


def test_private_key_jwt_needs_keys(alice):
    for wish in ({}, {"jwks": None}):
        answer = ask(alice, token_endpoint_auth_method="private_key_jwt", **wish)
        invalid(answer, "jwks", "private_key_jwt")


def test_only_public_keys_that_verify_are_taken(alice, rsa_key, ec_key):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    p384 = ec.generate_private_key(ec.SECP384R1())
    good = ec_jwk(ec_key)
    wrong = {
        "private": [{**good, "d": "AAAA"}],
        "2048": [rsa_jwk(small)],
        "curve": [ec_jwk(p384, curve="P-384")],
        "RSA, EC or OKP": [{"kty": "oct", "k": "AAAA"}],
        "use": [{**good, "use": "enc"}],
        '"sig"': [{**good, "key_ops": ["sign"]}],
        "alg": [{**good, "alg": "RS256"}],
        "ES256": [{**good, "alg": "none"}],
        '"kid" is text': [{**good, "kid": 5}],
        "of its own": [{**good, "kid": "a"}, rsa_jwk(rsa_key, kid="a")],
        "several": [{**good, "kid": "a"}, rsa_jwk(rsa_key)],
        "1 to 10": [],
        "with 1 to 10": [{**good, "kid": str(number)} for number in range(11)],
        "object": ["x"],
    }
    for said, keys in wrong.items():
        answer = ask(
            alice, token_endpoint_auth_method="private_key_jwt", jwks={"keys": keys}
        )
        invalid(answer, "jwks", said)
    for no_set in ({}, {"keys": {}}, good):
        invalid(ask(alice, jwks=no_set), "jwks", "keys")
    assert not Application.objects.exists()
