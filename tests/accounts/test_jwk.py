"""A key that somebody shows us: what it is called, and when it is no good."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from accounts import jwk
from tests.accounts.forging import encoded
from tests.accounts.proving import MAKERS, Prover

# The keys and thumbprints of RFC 9449 4.2 and 6.1, and of RFC 8037 A.2 and A.3.
EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
}
OKP = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


@pytest.mark.parametrize(
    ("key", "thumbprint"),
    [
        (EC, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
        (OKP, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ],
    ids=["EC", "OKP"],
)
def test_the_thumbprints_of_the_standards(key, thumbprint):
    assert jwk.thumbprint(key) == thumbprint
    told = {**key, "kid": "x", "use": "sig", "alg": "x", "more": [1]}
    assert jwk.thumbprint(told) == thumbprint


@pytest.mark.parametrize("algorithm", sorted(MAKERS))
def test_a_public_key_is_read_and_fits_its_algorithm(algorithm):
    prover = Prover(algorithm)
    assert jwk.public_key_of(prover.jwk) == prover.key.public_key()
    assert jwk.fits(prover.jwk, algorithm)


def test_the_key_of_one_algorithm_does_not_fit_another():
    assert not jwk.fits(EC, "RS256")
    assert not jwk.fits(EC, "EdDSA")
    assert not jwk.fits(OKP, "ES256")
    assert not jwk.fits({**EC, "crv": "P-384"}, "ES256")


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_private_member_is_refused(member):
    with pytest.raises(ValueError, match="private"):
        jwk.public_key_of({**EC, member: "AAAA"})


@pytest.mark.parametrize(
    "key",
    [
        ECAlgorithm.to_jwk(ec.generate_private_key(curve).public_key(), as_dict=True)
        for curve in (ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1())
    ]
    + [
        OKPAlgorithm.to_jwk(ed448.Ed448PrivateKey.generate().public_key(), as_dict=True)
    ],
    ids=lambda key: key["crv"],
)
def test_another_curve_is_refused(key):
    with pytest.raises(ValueError, match="curve"):
        jwk.public_key_of(key)


def rsa_key(modulus, exponent):
    return {"kty": "RSA", "n": written(modulus), "e": written(exponent)}


def written(number):
    return encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


@pytest.mark.parametrize("bits", [1024, 2040, 8200, 16_384])
def test_an_rsa_key_of_another_size_is_refused(bits):
    with pytest.raises(ValueError, match="bits"):
        jwk.public_key_of(rsa_key((1 << bits) - 1, 65537))


def test_an_exponent_that_would_cost_us_much_is_refused():
    found = RSAAlgorithm.to_jwk(
        rsa.generate_private_key(65537, 2048).public_key(), as_dict=True
    )
    with pytest.raises(ValueError, match="exponent"):
        jwk.public_key_of({**found, "e": written((1 << 2000) + 1)})


@pytest.mark.parametrize(
    "change",
    [
        {"kty": None},
        {"kty": "oct"},
        {"kty": ["EC"]},
        {"crv": None},
        {"crv": "p-256"},
        {"x": None},
        {"x": 5},
        {"x": ["AA"]},
        {"x": ""},
        {"x": EC["x"] + "="},
        {"x": " " + EC["x"]},
        {"x": EC["x"].replace("-", "+")},
        {"x": EC["x"] + "\n"},
        {"x": "\ud800"},
        {"x": EC["y"], "y": EC["x"]},
        {"x": EC["x"][:-4]},
    ],
    ids=repr,
)
def test_what_is_no_key_is_refused(change):
    with pytest.raises(ValueError, match=r"\.$"):
        jwk.public_key_of({**EC, **change})
