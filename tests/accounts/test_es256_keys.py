"""P-256 keys stand beside the RSA keys: made when asked for, published and rotated."""

import base64
import hashlib
import time
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicNumbers,
)
from django.core.management import call_command

from accounts import signing
from accounts.audit import OPERATOR
from accounts.models import AuditEvent, SigningKey
from tests.accounts.forging import altered, decoded, encoded, read
from tests.cast import send

JWKS = "/.well-known/jwks.json"
HOUR = 3600


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch):
    """RSA keys that these tests make are short: long ones take most of a second."""
    monkeypatch.setattr(signing, "KEY_BITS", 2048)


@pytest.fixture
def es256(signing_keys):
    """The kid and the key that sign by ES256."""
    return signing.active_key("ES256")


def published(algorithm):
    keys = send("GET", JWKS).json()["keys"]
    return [key for key in keys if key["alg"] == algorithm]


def kids(algorithm):
    return [key["kid"] for key in published(algorithm)]


def number(text):
    return int.from_bytes(decoded(text), "big")


def test_keys_of_both_algorithms_are_published_before_anybody_signs(db):
    SigningKey.objects.all().delete()
    assert len(published("ES256")) == len(published("RS256")) == 2
    assert signing.active_key("ES256")[0] in kids("ES256")


def test_who_asks_first_makes_the_key_that_signs_and_the_next_one(es256):
    assert es256[0] in kids("ES256")
    assert len(kids("ES256")) == 2
    assert len(kids("RS256")) == 2
    assert signing.active_key("ES256")[0] == es256[0]


def test_a_published_key_is_a_point_of_p_256_and_has_no_private_part(es256):
    for key in published("ES256"):
        assert set(key) == {"kty", "crv", "use", "alg", "kid", "x", "y"}
        assert (key["kty"], key["crv"], key["use"]) == ("EC", "P-256", "sig")
        assert len(decoded(key["x"])) == len(decoded(key["y"])) == 32
        point = EllipticCurvePublicNumbers(
            number(key["x"]), number(key["y"]), SECP256R1()
        )
        assert point.public_key().key_size == 256


def test_a_kid_is_the_thumbprint_of_rfc_7638(es256):
    for key in published("ES256"):
        members = f'{{"crv":"P-256","kty":"EC","x":"{key["x"]}","y":"{key["y"]}"}}'
        digest = hashlib.sha256(members.encode()).digest()
        assert key["kid"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_what_the_key_signs_the_published_key_verifies(es256):
    kid, private = es256
    token = jwt.encode({"a": 1}, private, algorithm="ES256", headers={"kid": kid})
    [key] = [key for key in published("ES256") if key["kid"] == kid]
    found = jwt.decode(token, jwt.PyJWK(key), algorithms=["ES256"])
    assert found == {"a": 1}
    assert jwt.decode(token, signing.public_key(kid), algorithms=["ES256"]) == found


def test_a_rotation_moves_both_algorithms_on(es256, capsys):
    before = {each: signing.active_key(each)[0] for each in ("RS256", "ES256")}
    following = {
        each: next(kid for kid in kids(each) if kid != before[each]) for each in before
    }
    call_command("rotate", "signing-key")
    told = capsys.readouterr().out
    for algorithm, kid in following.items():
        assert signing.active_key(algorithm)[0] == kid
        assert f"{kid} signs {algorithm} now." in told
        assert set(kids(algorithm)) > {before[algorithm], kid}
        assert len(kids(algorithm)) == 3
        assert signing.public_key(before[algorithm]) is not None
    events = AuditEvent.objects.filter(action="signing_key.rotated")
    assert {event.target for event in events} == set(following.values())


def test_a_rotation_replaces_a_next_key_that_somebody_removed(es256):
    SigningKey.objects.filter(algorithm="ES256", state=SigningKey.NEXT).delete()
    signing.rotate(by=OPERATOR)
    assert signing.active_key("ES256")[0] != es256[0]
    assert len(kids("ES256")) == 3


def test_a_retired_key_verifies_as_long_as_an_id_token(es256, clock):
    kid, _key = es256
    signing.rotate(by=OPERATOR)
    clock.shift(signing.ID_TOKEN_SECONDS)
    assert signing.public_key(kid) is not None
    clock.shift(signing.longest_token().total_seconds())
    assert signing.public_key(kid) is None
    assert kid not in kids("ES256")


def test_the_longest_token_can_be_an_applications(settings, signing_keys):
    assert signing.longest_token().total_seconds() >= signing.ID_TOKEN_SECONDS
    month = 30 * 24 * HOUR
    product = settings.PRODUCTS["netrecon"]
    rules = replace(product.oauth, access_seconds=month)
    settings.PRODUCTS = {"netrecon": replace(product, oauth=rules)}
    assert signing.longest_token().total_seconds() >= month


def test_a_session_is_never_signed_by_es256(alice, es256, assert_refused):
    token = alice.sign_in()["access_token"]
    assert read(token)[0]["alg"] == "RS256"
    kid, private = es256
    claims = {**read(token)[1], "exp": int(time.time()) + HOUR}
    headers = {"kid": kid, "typ": "at+jwt"}
    signed = jwt.encode(claims, private, algorithm="ES256", headers=headers)
    told = {"alg": "RS256"}
    called_rsa = altered(signed, lambda text: decoded(signed.split(".")[2]), told)
    assert_refused(signed, called_rsa)


def test_a_session_signed_by_rs256_cannot_name_the_other_key(alice, es256):
    token = alice.sign_in()["access_token"]
    for header in ({"kid": es256[0]}, {"kid": es256[0], "alg": "ES256"}):
        refused = send(
            "GET",
            "/api/v1/auth/whoami",
            AUTHORIZATION=f"Bearer {altered(token, header=header)}",
        )
        assert refused.status_code == 401


def test_first_keys_that_many_ask_for_at_once_are_the_same(signing_keys, crowd):
    found = crowd(lambda: signing.active_key("ES256")[0], times=4, threads=4)
    assert len(set(found)) == 1
    rows = SigningKey.objects.filter(algorithm="ES256")
    assert sorted(rows.values_list("state", flat=True)) == ["active", "next"]


def test_a_spoiled_signature_is_no_signature(es256):
    kid, private = es256
    token = jwt.encode({"a": 1}, private, algorithm="ES256", headers={"kid": kid})
    start, _, signature = token.rpartition(".")
    spoiled = bytes([decoded(signature)[0] ^ 1]) + decoded(signature)[1:]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(
            f"{start}.{encoded(spoiled)}", signing.public_key(kid), algorithms=["ES256"]
        )
