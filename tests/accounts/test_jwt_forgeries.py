"""Only an access token that we signed, for this, and that has not expired, opens."""

import base64
import json
import time
import zlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from accounts import signing
from tests.accounts.forging import (
    altered,
    by_key,
    by_nobody,
    by_secret,
    encoded,
    show,
)


def public_spellings():
    """Our public key, as an attacker can write it into a shared secret (RA1)."""
    _kid, private = signing.active_key()
    public = private.public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(serialization.Encoding.PEM, info)
    der = public.public_bytes(serialization.Encoding.DER, info)
    pkcs1 = serialization.PublicFormat.PKCS1
    bare = public.public_bytes(serialization.Encoding.PEM, pkcs1)
    jwk = signing.jwks()["keys"][0]
    texts = [json.dumps(jwk), json.dumps(jwk, separators=(",", ":")), jwk["n"]]
    return [pem, pem.strip(), der, bare, *(text.encode() for text in texts), b""]


def test_a_token_signed_anew_by_our_key_opens(token):
    assert show(altered(token)).status_code == 200


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", "hs256", "RS256"])
def test_our_public_key_is_no_shared_secret(token, assert_refused, algorithm):
    forged = [
        altered(token, sign=by_secret(secret), header={"alg": algorithm})
        for secret in public_spellings()
    ]
    assert_refused(*forged)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None])
def test_a_token_without_a_signature_is_refused(token, assert_refused, algorithm):
    unsigned = altered(token, sign=by_nobody, header={"alg": algorithm})
    signed = token.rpartition(".")[2]
    assert_refused(unsigned, unsigned + signed, unsigned[:-1])


@pytest.mark.parametrize("algorithm", ["RS384", "PS256", "ES256", "EdDSA", "rs256", 5])
def test_another_algorithm_in_the_header_is_refused(token, assert_refused, algorithm):
    assert_refused(altered(token, header={"alg": algorithm}))


@pytest.mark.parametrize(
    ("algorithm", "padding", "digest"),
    [
        ("RS384", PKCS1v15(), SHA384()),
        ("RS512", PKCS1v15(), SHA512()),
        ("PS256", PSS(MGF1(SHA256()), 32), SHA256()),
    ],
    ids=["RS384", "RS512", "PS256"],
)
def test_our_own_key_signs_by_one_algorithm_only(
    token, assert_refused, algorithm, padding, digest
):
    _kid, key = signing.active_key()
    header = {"alg": algorithm}
    signed = altered(token, lambda text: key.sign(text, padding, digest), header)
    assert_refused(signed)


def test_a_key_that_the_token_brings_along_is_not_used(token, own_key, assert_refused):
    numbers = own_key.public_key().public_numbers()
    jwk = {
        "kty": "RSA",
        "n": encoded(numbers.n.to_bytes(256, "big")),
        "e": encoded(numbers.e.to_bytes(3, "big")),
        "kid": "mine",
    }
    headers = [
        {"jwk": jwk},
        {"jwk": jwk, "kid": "mine"},
        {"jku": "http://127.0.0.1:9/jwks.json"},
        {"jku": "http://127.0.0.1:9/jwks.json", "kid": "mine"},
        {"x5u": "http://127.0.0.1:9/chain.pem"},
        {"x5c": ["MIIB"]},
    ]
    sign = by_key(own_key)
    assert_refused(*(altered(token, sign=sign, header=header) for header in headers))


@pytest.mark.parametrize(
    "kid",
    [
        "",
        "../../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "x' UNION SELECT 'secret",
        "\x00",
        "k" * 5000,
        [],
        {},
        None,
        5,
        True,
    ],
    ids=lambda kid: repr(kid)[:24],
)
def test_an_odd_kid_is_refused(token, assert_refused, kid):
    empty = altered(token, sign=by_secret(b""), header={"kid": kid, "alg": "HS256"})
    assert_refused(altered(token, header={"kid": kid}), empty)


def test_the_kid_of_another_key_of_ours_is_refused(token, assert_refused):
    active = signing.active_key()[0]
    kids = [jwk["kid"] for jwk in signing.jwks()["keys"]]
    others = [kid for kid in kids if kid != active]
    assert len(others) == 3
    for other in others:
        assert_refused(altered(token, header={"kid": other}))


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"crit": "x"},
    ],
    ids=str,
)
def test_an_extension_that_we_do_not_know_is_refused(token, assert_refused, header):
    assert_refused(altered(token, header=header))


@pytest.mark.parametrize(
    "kind", ["JWT", "rt+jwt", "", None, "AT+JWT", "at+jwt ", ["at+jwt"]]
)
def test_another_type_in_the_header_is_refused(token, assert_refused, kind):
    assert_refused(altered(token, header={"typ": kind}))


@pytest.mark.parametrize(
    "more", ["=", "==", ".", " x", "\t", "%", "A", "\u00e4", "!", "\n"]
)
def test_a_token_with_anything_added_is_refused(token, assert_refused, more):
    middle = len(token) - 5
    assert_refused(token + more, token[:middle] + more + token[middle:])


def test_a_token_cut_or_in_another_case_is_refused(token, assert_refused):
    head, _dot, rest = token.partition(".")
    cuts = [token[:-cut] for cut in (1, 2, 4, 100, 512, 513)]
    assert_refused(*cuts, token[1:], token.swapcase(), f"{head}.{rest.upper()}", head)


def test_a_compressed_encrypted_token_is_refused_quickly(token, assert_refused):
    bomb = zlib.compress(b"\0" * 5_000_000)
    header = {"alg": "dir", "enc": "A256GCM", "zip": "DEF", "typ": "at+jwt"}
    parts = [json.dumps(header).encode(), b"", b"0" * 12, bomb, b"0" * 16]
    begun = time.perf_counter()
    assert_refused(".".join(encoded(part) for part in parts))
    assert time.perf_counter() - begun < 0.5


def test_a_header_of_deep_nesting_is_refused(token, assert_refused):
    nested = base64.urlsafe_b64encode(b"[" * 4000).decode().rstrip("=")
    _header, _dot, rest = token.partition(".")
    assert_refused(f"{nested}.{rest}", f"{token.partition('.')[0]}.{nested}.c2ln")
