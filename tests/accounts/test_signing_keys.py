"""The keys that verify our tokens are published, named by what they are, and rotate."""

import base64
import hashlib
import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from django.core.management import call_command

from accounts import jwk, signing
from accounts.audit import OPERATOR
from accounts.models import AuditEvent, SigningKey
from tests.accounts.forging import decoded, read
from tests.cast import send

JWKS = "/.well-known/jwks.json"
WEEK = 7 * 24 * 3600


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch):
    """Keys that these tests make are short: long ones take most of a second."""
    monkeypatch.setattr(signing, "KEY_BITS", 2048)


def published():
    """The RSA keys, which sign sessions; test_es256_keys.py asks for the others."""
    return [key for key in send("GET", JWKS).json()["keys"] if key["kty"] == "RSA"]


def published_kids():
    return [key["kid"] for key in published()]


def kid_of(tokens):
    return read(tokens["access_token"])[0]["kid"]


def works(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    answer = send("GET", "/api/v1/auth/whoami", AUTHORIZATION=bearer)
    return answer.status_code == 200


def rotate():
    keys = signing.rotate(by=OPERATOR)
    [kid] = [key.kid for key in keys if key.algorithm == "RS256"]
    return kid


def number(text):
    return int.from_bytes(decoded(text), "big")


def test_the_set_holds_the_key_that_signs_and_the_next_one(alice):
    signs = kid_of(alice.sign_in())
    assert len(published()) == 2
    assert signs in published_kids()


def test_a_published_key_is_an_rsa_key_of_3072_bits_and_has_no_private_part(alice):
    for key in published():
        assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
        assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
        public = RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
        assert (public.key_size, public.public_numbers().e) == (3072, 65537)


def test_a_kid_is_the_thumbprint_of_rfc_7638(alice):
    for key in published():
        members = f'{{"e":"{key["e"]}","kty":"RSA","n":"{key["n"]}"}}'
        digest = hashlib.sha256(members.encode()).digest()
        assert key["kid"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_the_thumbprint_of_the_example_in_rfc_7638():
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhA"
        "I4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert jwk.thumbprint({"e": "AQAB", "kty": "RSA", "n": modulus}) == thumbprint


def test_any_site_may_read_the_set_and_keep_it_for_minutes(alice):
    answer = send("GET", JWKS)
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Type"] == "application/json"


def test_a_deployment_without_keys_makes_them_when_first_asked(db):
    assert not SigningKey.objects.exists()
    assert len(published()) == 2
    rsa = SigningKey.objects.filter(algorithm="RS256").order_by("state")
    assert list(rsa.values_list("state", flat=True)) == ["active", "next"]


def test_after_a_rotation_the_key_signs_that_was_published_before(alice):
    old = kid_of(alice.sign_in())
    [following] = [kid for kid in published_kids() if kid != old]
    assert rotate() == following
    assert kid_of(alice.sign_in()) == following
    assert set(published_kids()) > {old, following}
    assert len(published()) == 3


def test_tokens_of_before_a_rotation_work_on(alice):
    tokens = alice.sign_in()
    rotate()
    assert works(tokens)
    body = {"refresh_token": tokens["refresh_token"]}
    answer = send("POST", "/api/v1/auth/refresh", body)
    assert answer.status_code == 200
    assert kid_of(answer.json()) != kid_of(tokens)
    assert works(answer.json())


def test_a_retired_key_disappears_when_the_longest_token_has_ended(alice, clock):
    old = kid_of(alice.sign_in())
    rotate()
    clock.shift(WEEK - 1)
    assert old in published_kids()
    assert signing.public_key(old) is not None
    clock.shift(1)
    assert old not in published_kids()
    assert signing.public_key(old) is None
    rotate()
    assert not SigningKey.objects.filter(kid=old).exists()


def test_the_longest_token_can_be_an_access_token(alice, settings):
    """A product file may name any number of seconds."""
    product = settings.PRODUCTS["netrecon"]
    month = replace(product.sessions, access_seconds=30 * 24 * 3600)
    settings.PRODUCTS = {"netrecon": replace(product, sessions=month)}
    assert signing.longest_token() >= timedelta(days=30)


def test_two_rotations_in_a_row_leave_every_token_alive(alice):
    generations = [alice.sign_in()]
    for _ in range(2):
        rotate()
        generations.append(alice.sign_in())
    assert len({kid_of(tokens) for tokens in generations}) == 3
    assert all(works(tokens) for tokens in generations)


def test_the_command_rotates_and_says_which_key_signs_now(alice, capsys):
    old = kid_of(alice.sign_in())
    call_command("rotate", "signing-key")
    new = kid_of(alice.sign_in())
    assert new != old
    assert new in capsys.readouterr().out


def test_a_rotation_is_written_down_without_any_key(alice):
    old = kid_of(alice.sign_in())
    new = rotate()
    event = AuditEvent.objects.get(action="signing_key.rotated")
    assert (event.target, event.details) == (new, {"retired": old})
    assert event.organization is None


def test_a_process_that_never_saw_the_key_finds_it_by_its_kid(alice):
    """As another process of ours that signed with a key made a moment ago."""
    tokens = alice.sign_in()
    assert works(tokens)
    keys = signing._public_keys
    keys.keys, keys.read_at = {}, time.monotonic() - signing.UNKNOWN_KID_SECONDS
    assert works(tokens)


def test_a_key_that_another_process_retired_is_dropped_within_half_a_minute(
    alice, clock
):
    tokens = alice.sign_in()
    assert works(tokens)
    SigningKey.objects.all().delete()
    signing._public_keys.read_at -= signing.REREAD_SECONDS
    assert not works(tokens)


def test_the_sealed_key_opens_under_its_own_name_only(alice):
    first, second = SigningKey.objects.all()
    first.sealed_private = second.sealed_private
    with pytest.raises(signing.sealing.Unsealable):
        signing._private_key(first)


def test_every_rotation_in_parallel_leaves_one_key_of_each_state(alice, crowd):
    kids = crowd(rotate, times=4, threads=4)
    assert len(set(kids)) == 4
    states = list(SigningKey.objects.values_list("state", flat=True))
    assert (states.count("active"), states.count("next")) == (1, 1)
    assert json.dumps(published())


@pytest.mark.slow
def test_a_running_server_follows_a_rotation_by_another_process(live):
    account = live.new_account("netrecon")
    before = live.sign_in(account)
    live.command("rotate", "signing-key")
    after = live.sign_in(account)
    assert kid_of(after) != kid_of(before)
    kids = [key["kid"] for key in live.send("GET", JWKS).json()["keys"]]
    assert {kid_of(before), kid_of(after)} < set(kids)
    for tokens in (before, after):
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert live.send("GET", "/api/v1/auth/whoami", headers=headers).is_success
        body = {"refresh_token": tokens["refresh_token"]}
        assert live.send("POST", "/api/v1/auth/refresh", json=body).is_success
