"""A proof of possession opens one request, once, for who holds the key (RFC 9449)."""

import base64
import json
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from accounts import dpop, jwk
from tests.accounts.forging import altered, by_key, by_nobody, by_secret, encoded
from tests.accounts.proving import MAKERS, Prover, hashed

URL = "https://api.acme.test/api/v1/scans"
TOKEN = "nr_oat_" + "0" * 64


@pytest.fixture(scope="module")
def provers():
    """One client for each algorithm."""
    return {algorithm: Prover(algorithm) for algorithm in MAKERS}


@pytest.fixture
def prover(db, provers):
    return provers["ES256"]


def verify(proof, method="GET", url=URL, access_token=TOKEN, also=()):
    return dpop.verify(
        proof, method=method, url=url, access_token=access_token, also=also
    )


def refusal(proof, **request):
    with pytest.raises(dpop.InvalidProof) as refused:
        verify(proof, **request)
    assert str(refused.value).endswith(".")
    return str(refused.value)


@pytest.fixture
def refused(prover):
    """refused(jti="") -> why a proof with this change is refused."""

    def make(**change):
        return refusal(prover.proof("GET", URL, TOKEN, **change))

    return make


# What opens


@pytest.mark.parametrize("algorithm", sorted(MAKERS))
def test_a_right_proof_of_every_algorithm_names_its_key(db, provers, algorithm):
    prover = provers[algorithm]
    proof = prover.proof("GET", URL, TOKEN)
    assert verify(proof) == jwk.thumbprint(prover.jwk)


def test_every_algorithm_that_is_told_is_tried_here():
    assert set(MAKERS) == set(dpop.ALGORITHMS)


def test_a_proof_for_no_token_needs_no_hash_of_one(prover):
    assert verify(prover.proof("GET", URL), access_token=None)
    # RFC 9449 asks for ath only where a token is shown; more than asked is no harm.
    assert verify(prover.proof("GET", URL, TOKEN), access_token=None)


def test_members_that_nobody_knows_are_ignored(prover):
    key = {**prover.jwk, "use": "sig", "alg": "ES256", "kid": "mine", "x-more": 1}
    proof = prover.proof("GET", URL, TOKEN, header={"jwk": key}, nonce="n", more=[1])
    assert verify(proof) == jwk.thumbprint(prover.jwk)


@pytest.mark.parametrize(
    "spelled",
    [
        "HTTPS://API.Acme.Test/api/v1/scans",
        "https://api.acme.test:443/api/v1/scans",
        "https://api.acme.test/api/v1/%73cans",
        f"{URL}?page=2",
        f"{URL}#top",
    ],
)
def test_the_same_address_may_be_spelled_differently(prover, spelled):
    assert verify(prover.proof("GET", spelled, TOKEN))


def test_an_origin_ends_with_or_without_a_slash(prover):
    proof = prover.proof("GET", "https://acme.test", TOKEN)
    assert verify(proof, url="https://acme.test/")


def test_any_of_the_addresses_of_a_resource_will_do(prover):
    proof = prover.proof("GET", "https://other.test/a", TOKEN)
    assert verify(proof, url="https://one.test/a", also=["https://other.test/a"])


@pytest.mark.parametrize("seconds", [-60, -59.5, 0, 60])
def test_clocks_may_differ_by_a_minute(prover, clock, seconds):
    assert verify(prover.proof("GET", URL, TOKEN, iat=time.time() + seconds))


# The request


@pytest.mark.parametrize("htm", ["POST", "get", "", None, 5, ["GET"], {"GET": 1}])
def test_another_method_is_refused(refused, htm):
    assert "htm" in refused(htm=htm)


@pytest.mark.parametrize(
    "htu",
    [
        "http://api.acme.test/api/v1/scans",
        "https://api.acme.test:8443/api/v1/scans",
        "https://api.acme.test.evil.test/api/v1/scans",
        "https://evil@api.acme.test/api/v1/scans",
        "https://api.acme.test/api/v1/scans/",
        "https://api.acme.test/api/v1/Scans",
        "https://api.acme.test",
        "/api/v1/scans",
        "https://[::1/api/v1/scans",
        "https://api.acme.test:port/api/v1/scans",
        "https://api.acme.test\u2100/api/v1/scans",
        "\ud800",
        "",
        None,
        5,
        [URL],
    ],
)
def test_another_address_is_refused(refused, htu):
    assert "htu" in refused(htu=htu)


# The time


@pytest.mark.parametrize("seconds", [-61, 61, -3600, 3600])
def test_a_proof_of_another_time_is_refused(refused, clock, seconds):
    assert "iat" in refused(iat=time.time() + seconds)


@pytest.mark.parametrize(
    "iat",
    [
        *(None, "now", True, [], {}, 0, -1, 10**400, -(10**400)),
        *(float("nan"), float("inf"), 1e308),
    ],
    ids=lambda iat: repr(iat)[:9],
)
def test_an_odd_time_is_refused(refused, iat):
    assert "iat" in refused(iat=iat)


# Once


@pytest.mark.parametrize("jti", ["", None, 5, [], {}, True, "x" * 257])
def test_an_odd_jti_is_refused(refused, jti):
    assert "jti" in refused(jti=jti)


@pytest.mark.parametrize("jti", ["x", "x" * 256, "ü", "\ud800", "\x00"], ids=repr)
def test_any_text_is_a_jti(prover, jti):
    assert verify(prover.proof("GET", URL, TOKEN, jti=jti))


def test_a_proof_works_once(prover):
    proof = prover.proof("GET", URL, TOKEN)
    verify(proof)
    assert "used before" in refusal(proof)


def test_a_jti_works_once_whatever_else_the_proof_says(prover):
    verify(prover.proof("GET", URL, TOKEN, jti="one"))
    assert "jti" in refusal(prover.proof("POST", URL, TOKEN, jti="one"), method="POST")


def test_another_client_may_choose_the_same_jti(prover, provers):
    verify(prover.proof("GET", URL, TOKEN, jti="one"))
    assert verify(provers["EdDSA"].proof("GET", URL, TOKEN, jti="one"))


def test_a_refused_proof_is_not_used_up(prover):
    proof = prover.proof("GET", URL, TOKEN)
    refusal(proof, method="POST")
    refusal(proof, access_token="another")
    assert verify(proof)


def test_of_a_crowd_with_the_same_proof_one_comes_in(crowd, provers):
    proof = provers["ES256"].proof("GET", URL, TOKEN)

    def attempt():
        try:
            return verify(proof)
        except dpop.InvalidProof:
            return None

    assert len([found for found in crowd(attempt, times=32) if found]) == 1


# The token


@pytest.mark.parametrize(
    "ath",
    ["", None, 5, [], hashed("another"), hashed(TOKEN) + "=", TOKEN, "ü", "\ud800"],
    ids=repr,
)
def test_a_proof_for_another_token_is_refused(refused, ath):
    assert "ath" in refused(ath=ath)


# The header


@pytest.mark.parametrize(
    "typ", ["JWT", "DPOP+JWT", "at+jwt", "", None, 5, ["dpop+jwt"]]
)
def test_another_type_is_refused(refused, typ):
    assert "typ" in refused(header={"typ": typ})


def test_a_critical_member_is_refused(prover):
    proof = altered(
        prover.proof("GET", URL, TOKEN), by_nobody, {"crit": ["exp"], "exp": 1}
    )
    assert "crit" in refusal(proof)


@pytest.mark.parametrize(
    "alg", ["none", "None", "HS256", "RS1", "ES384", "es256", "", None, 5, ["ES256"]]
)
def test_another_algorithm_is_refused(prover, alg):
    spoiled = altered(prover.proof("GET", URL, TOKEN), by_nobody, {"alg": alg})
    assert "ES256" in refusal(spoiled)


def test_the_public_key_is_no_shared_secret(prover):
    public = prover.key.public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (pem, json.dumps(prover.jwk).encode(), b""):
        signed = altered(
            prover.proof("GET", URL, TOKEN), by_secret(secret), {"alg": "HS256"}
        )
        refusal(signed)
        kept = altered(prover.proof("GET", URL, TOKEN), by_secret(secret))
        assert "signature" in refusal(kept)


@pytest.mark.parametrize("key", [None, "", [], {}, 5, "https://acme.test/jwks.json"])
def test_a_proof_without_a_key_is_refused(refused, key):
    refused(header={"jwk": key})


def test_a_private_key_is_refused(prover, refused):
    assert "private" in refused(header={"jwk": {**prover.jwk, "d": "AAAA"}})


def test_a_shared_secret_is_refused(refused):
    refused(header={"jwk": {"kty": "oct", "k": "AAAA"}})


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused(db, bits):
    key = rsa.generate_private_key(65537, bits)
    proof = Prover("PS256", key).proof("GET", URL, TOKEN)
    assert "bits" in refusal(proof)


def test_a_key_of_another_curve_is_refused(prover, provers):
    other = Prover(key=ec.generate_private_key(ec.SECP384R1()))
    assert "fit" in refusal(other.proof("GET", URL, TOKEN))
    claimed = {"jwk": {**other.jwk, "crv": "P-256"}}
    assert "jwk" in refusal(other.proof("GET", URL, TOKEN, header=claimed))
    key = {"kty": "OKP", "crv": "X25519", "x": provers["EdDSA"].jwk["x"]}
    refusal(provers["EdDSA"].proof("GET", URL, TOKEN, header={"jwk": key}))


def test_a_key_that_does_not_fit_the_algorithm_is_refused(prover, provers):
    for algorithm in ("RS256", "EdDSA"):
        header = {"jwk": provers[algorithm].jwk}
        assert "fit" in refusal(prover.proof("GET", URL, TOKEN, header=header))


@pytest.mark.parametrize("x", ["", "AAAA", "!", "ü", "\ud800", 5, None, "A" * 43])
def test_a_point_that_is_none_is_refused(prover, x):
    refusal(prover.proof("GET", URL, TOKEN, header={"jwk": {**prover.jwk, "x": x}}))


# The signature


def test_the_signature_of_another_key_is_refused(prover):
    other = Prover(key=ec.generate_private_key(ec.SECP256R1()))
    proof = other.proof("GET", URL, TOKEN, header={"jwk": prover.jwk})
    assert "signature" in refusal(proof)


def test_claims_that_were_changed_are_refused(prover):
    proof = prover.proof("GET", URL, TOKEN)
    signature = base64.urlsafe_b64decode(proof.split(".")[2] + "==")
    assert "signature" in refusal(altered(proof, lambda text: signature, htm="GET "))


def test_an_rsa_key_signs_by_the_algorithm_that_it_names(db, provers):
    prover = provers["RS256"]
    proof = prover.proof("GET", URL, TOKEN)
    assert "signature" in refusal(altered(proof, by_key(prover.key), {"alg": "PS256"}))


# The text


def joined(header, payload=b"{}", signature=b"x"):
    return ".".join(encoded(part) for part in (header, payload, signature))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        "ü.ü.ü",
        "\x00.\x00.\x00",
        "\ud800.\ud800.\ud800",
        joined(b"[]"),
        joined(b"null"),
        joined(b'"dpop+jwt"'),
        joined(b"[" * 2000),
        joined(b'{"a":' * 500),
        joined(b"\xff\xfe{}"),
        joined(b'{"typ":"dpop+jwt","alg":"ES256","jwk":' + b"[" * 1500),
        joined(b'{"typ":' + b"9" * 2500 + b"}"),
    ],
    ids=lambda text: repr(text)[:12],
)
def test_what_is_no_jwt_is_refused(text):
    assert refusal(text)


@pytest.mark.parametrize(
    "payload", [b"[]", b"null", b"", b"\xff", b"[" * 2000, b'{"a":' * 400, b"5"]
)
def test_claims_that_are_no_object_are_refused(prover, payload):
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": prover.jwk}
    text = f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"
    signature = encoded(prover.sign(text.encode()))
    assert "object" in refusal(f"{text}.{signature}")


def test_a_longer_text_than_any_proof_is_refused(prover):
    padding = dpop.LONGEST_PROOF
    proof = prover.proof("GET", URL, TOKEN, more="x" * padding)
    assert len(proof) > dpop.LONGEST_PROOF
    assert str(dpop.LONGEST_PROOF) in refusal(proof)


def test_two_headers_are_refused(prover):
    proofs = [prover.proof("GET", URL, TOKEN) for _ in range(2)]
    for joint in (",", ", "):
        assert "one DPoP header" in refusal(joint.join(proofs))


# The address of a path


def test_a_path_is_known_under_our_address_and_the_products(settings):
    product = replace(settings.PRODUCTS["netrecon"], api_url="https://api.acme.test")
    assert dpop.addresses("/api/v1/a b", product=product) == (
        f"{settings.PUBLIC_URL}/api/v1/a%20b",
        "https://api.acme.test/api/v1/a%20b",
    )
    assert dpop.addresses("/oauth/token") == (f"{settings.PUBLIC_URL}/oauth/token",)
