"""Secrets at rest: what is sealed opens only in its place, what is digested never."""

import hashlib
import hmac
import secrets

import pytest

from accounts import sealing

PLAIN = b"otpauth secret"


@pytest.fixture
def sealing_keys(settings):
    """sealing_keys(1, 2): these numbers are configured, each with its own bytes."""
    known = {}

    def configure(*numbers):
        for number in numbers:
            known.setdefault(number, secrets.token_bytes(32))
        settings.ENCRYPTION_KEYS = {number: known[number] for number in numbers}

    configure(1)
    return configure


def test_what_was_sealed_opens_in_its_place(sealing_keys):
    sealed = sealing.seal(PLAIN, context="totp:usr_1")
    assert PLAIN not in sealed
    assert sealing.unseal(sealed, context="totp:usr_1") == PLAIN


def test_nothing_is_sealed_twice_alike(sealing_keys):
    """The nonce of AES-GCM must never repeat under one key."""
    made = {sealing.seal(PLAIN, context="x") for _ in range(100)}
    assert len({sealed[2:14] for sealed in made}) == 100


def test_what_was_moved_to_another_row_does_not_open(sealing_keys):
    sealed = sealing.seal(PLAIN, context="totp:usr_1")
    for elsewhere in ("totp:usr_2", "signing-key:usr_1", ""):
        with pytest.raises(sealing.Unsealable):
            sealing.unseal(sealed, context=elsewhere)


def test_every_changed_bit_is_noticed(sealing_keys):
    sealed = sealing.seal(PLAIN, context="x")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(sealing.Unsealable):
            sealing.unseal(bytes(changed), context="x")


def test_what_was_cut_does_not_open(sealing_keys):
    sealed = sealing.seal(PLAIN, context="x")
    for length in range(len(sealed)):
        with pytest.raises(sealing.Unsealable):
            sealing.unseal(sealed[:length], context="x")


def test_the_newest_key_seals_and_every_configured_one_opens(sealing_keys):
    sealing_keys(1)
    old = sealing.seal(PLAIN, context="x")
    sealing_keys(1, 2)
    new = sealing.seal(PLAIN, context="x")
    assert (old[:2], new[:2]) == (b"\0\1", b"\0\2")
    assert sealing.unseal(old, context="x") == sealing.unseal(new, context="x") == PLAIN


def test_without_its_key_nothing_opens(sealing_keys):
    sealed = sealing.seal(PLAIN, context="x")
    sealing_keys(2)
    with pytest.raises(sealing.Unsealable, match="key 1 is not configured"):
        sealing.unseal(sealed, context="x")


def test_a_key_that_was_replaced_under_its_number_opens_nothing(sealing_keys, settings):
    sealed = sealing.seal(PLAIN, context="x")
    settings.ENCRYPTION_KEYS = {1: secrets.token_bytes(32)}
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(sealed, context="x")


def test_the_highest_number_of_two_bytes_seals(sealing_keys):
    sealing_keys(65_535)
    assert sealing.unseal(sealing.seal(PLAIN, context="x"), context="x") == PLAIN


def test_only_the_same_secret_opens_what_was_sealed_under_it():
    sealed = sealing.seal_under("old-token", PLAIN, context="x")
    assert sealing.unseal_under("old-token", sealed, context="x") == PLAIN
    for secret, context in (("old-toke", "x"), ("", "x"), ("old-token", "y")):
        with pytest.raises(sealing.Unsealable):
            sealing.unseal_under(secret, sealed, context=context)


def test_a_digest_is_an_hmac_under_the_newest_pepper(settings):
    settings.PEPPERS = {1: b"1" * 32, 10: b"x" * 32, 9: b"9" * 32}
    assert sealing.newest_pepper() == 10
    expected = hmac.new(b"x" * 32, b"key", hashlib.sha256).digest()
    assert sealing.digest("key") == expected


def test_digests_under_all_peppers_stand_newest_first(settings):
    settings.PEPPERS = {1: b"1" * 32, 10: b"x" * 32, 9: b"9" * 32}
    found = sealing.digests("key")
    order = [b"x", b"9", b"1"]
    assert found == [hmac.digest(each * 32, b"key", "sha256") for each in order]
    assert found[0] == sealing.digest("key")


def test_what_went_wrong_is_told_without_what_was_sealed(sealing_keys):
    sealed = sealing.seal(PLAIN, context="x")
    with pytest.raises(sealing.Unsealable) as told:
        sealing.unseal(sealed[:-1], context="x")
    assert PLAIN.decode() not in str(told.value) + repr(told.value)
