"""Only an access token that we signed, for this, and that has not expired, opens."""

import base64
import json
import time
import zlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from accounts import signing
from tests.accounts.forging import (
    altered,
    by_key,
    by_nobody,
    by_secret,
    by_us,
    encoded,
    forge,
    read,
)
from tests.cast import send


def show(token):
    return send("GET", "/api/v1/auth/whoami", AUTHORIZATION=f"Bearer {token}")


@pytest.fixture
def token(alice):
    return alice.sign_in()["access_token"]


@pytest.fixture
def the_refusal(alice):
    """What every credential gets that is not proven: one and the same answer."""
    answer = show("nonsense")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credential")
    return told(answer)


def told(answer):
    headers = answer["WWW-Authenticate"], answer["Cache-Control"]
    return answer.status_code, {**answer.json(), "request_id": ""}, headers


@pytest.fixture
def assert_refused(the_refusal):
    def check(*tokens):
        for token in tokens:
            assert told(show(token)) == the_refusal, token

    return check


@pytest.fixture(scope="module")
def own_key():
    return generate_private_key(public_exponent=65537, key_size=2048)


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
    [other] = [kid for kid in kids if kid != active]
    assert_refused(altered(token, header={"kid": other}))


@pytest.mark.parametrize(
    "header",
    [{"crit": ["x"], "x": 1}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"crit": "x"}],
    ids=str,
)
def test_an_extension_that_we_do_not_know_is_refused(token, assert_refused, header):
    assert_refused(altered(token, header=header))


@pytest.mark.parametrize("kind", ["JWT", "rt+jwt", "", None, "AT+JWT", "at+jwt ", ["at+jwt"]])
def test_another_type_in_the_header_is_refused(token, assert_refused, kind):
    assert_refused(altered(token, header={"typ": kind}))


@pytest.mark.parametrize("typ", ["refresh", "id", "", None])
def test_another_type_among_the_claims_is_refused(token, assert_refused, typ):
    assert_refused(altered(token, typ=typ))


@pytest.mark.parametrize(
    "change",
    [
        lambda iss: iss[:-1],
        lambda iss: iss + "0",
        lambda iss: iss + "/",
        lambda iss: iss.upper(),
        lambda iss: [iss],
        lambda iss: "",
        lambda iss: None,
    ],
    ids=["shorter", "longer", "slash", "upper case", "list", "empty", "missing"],
)
def test_another_issuer_is_refused(token, assert_refused, settings, change):
    assert_refused(altered(token, iss=change(settings.PUBLIC_URL)))


@pytest.mark.parametrize(
    "aud",
    ["netallion", "other", "", None, ["netrecon"], ["netrecon", "netallion"], "NETRECON"],
    ids=str,
)
def test_another_audience_is_refused(token, assert_refused, aud):
    assert_refused(altered(token, aud=aud))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"jti": None},
        {"sid": None},
        {"exp": "soon"},
        {"sid": "ses_"},
        {"sid": 5},
        {"sid": ["x"]},
        {"sub": 5},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"iat": "now"},
    ],
    ids=str,
)
def test_a_claim_that_is_missing_or_odd_is_refused(token, assert_refused, claims):
    assert_refused(altered(token, **claims))


def test_claims_that_are_no_object_are_refused(token, assert_refused):
    header, _claims = read(token)
    for claims in ([], "text", 5, None):
        assert_refused(forge(header, claims, by_us))


def test_an_expired_token_of_ours_says_so(token):
    refused = show(altered(token, exp=int(time.time()) - 1))
    assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")


def test_an_expired_token_that_is_not_ours_does_not(token, own_key, assert_refused):
    expired = int(time.time()) - 1
    assert_refused(altered(token, sign=by_key(own_key), exp=expired))


@pytest.mark.parametrize("more", ["=", "==", ".", " x", "\t", "%", "A", "\u00e4", "!", "\n"])
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


def test_a_token_signed_for_nobody_known_says_that_the_session_ended(token, nadia):
    other = read(token)[1]["sid"][:-3] + "zzz"
    assert show(altered(token, sid=other)).json()["code"] == "session_ended"


def test_a_session_of_another_product_is_not_reached(token, nadia, assert_refused):
    sid = read(nadia.sign_in()["access_token"])[1]["sid"]
    assert_refused(altered(token, sid=sid))


def test_a_browser_session_is_no_access_token(alice, browse, token, assert_refused):
    browser = browse()
    browser.log_in(alice)
    assert_refused(browser.session_cookie)
