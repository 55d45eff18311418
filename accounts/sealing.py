"""Secrets at rest: sealed to be read again, digested to be compared only."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12


class Unsealable(ImproperlyConfigured):
    """The sealed bytes are damaged, belong elsewhere, or their key is missing."""


def digest(text: str) -> bytes:
    """HMAC-SHA-256 under the newest pepper, 32 bytes.

    What we digest holds 128 random bits or more, so a slow hash would add cost, not
    safety. The one exception is what a person types from a device: 34 bits that live
    for minutes and whose guesses are braked. The pepper keeps who can only write to the
    database from planting a secret.
    """
    return _digest(settings.PEPPERS[newest_pepper()], text)


def digests(text: str) -> list[bytes]:
    """The digest under every configured pepper, newest first."""
    return [
        _digest(pepper, text) for _, pepper in sorted(settings.PEPPERS.items())[::-1]
    ]


def newest_pepper() -> int:
    """The number of the pepper that new digests use."""
    newest: int = max(settings.PEPPERS)
    return newest


def pepper_checks() -> dict[str, int]:
    """For each configured pepper a value that tells it from others, and its number.

    No text that is digested as a secret has spaces, so this is no secret's digest.
    """
    return {
        _digest(pepper, "the check value of a pepper").hex()[:16]: number
        for number, pepper in settings.PEPPERS.items()
    }


def _digest(pepper: bytes, text: str) -> bytes:
    return hmac.digest(pepper, text.encode(), hashlib.sha256)


def seal(plain: bytes, *, context: str) -> bytes:
    """AES-256-GCM under the newest encryption key: its number, the nonce, the
    ciphertext.

    `context` names the row: sealed bytes that are moved to another row do not open.
    """
    number = max(settings.ENCRYPTION_KEYS)
    key = settings.ENCRYPTION_KEYS[number]
    return number.to_bytes(2, "big") + _encrypt(key, plain, context=context)


def unseal(sealed: bytes, *, context: str) -> bytes:
    """The plain bytes. Raises Unsealable."""
    number = int.from_bytes(sealed[:2], "big")
    if number not in settings.ENCRYPTION_KEYS:
        raise Unsealable(f"Encryption key {number} is not configured.")
    return _decrypt(settings.ENCRYPTION_KEYS[number], sealed[2:], context=context)


def seal_under(secret: str, plain: bytes, *, context: str) -> bytes:
    """Seal so that only who presents `secret` again can have it opened."""
    return _encrypt(_derived_key(secret, context), plain, context=context)


def unseal_under(secret: str, sealed: bytes, *, context: str) -> bytes:
    """The plain bytes. Raises Unsealable where the secret is another one."""
    return _decrypt(_derived_key(secret, context), sealed, context=context)


def _derived_key(secret: str, context: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869). The secret is random, so no salt is needed."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=context.encode())
    return derivation.derive(secret.encode())


def _encrypt(key: bytes, plain: bytes, *, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def _decrypt(key: bytes, sealed: bytes, *, context: str) -> bytes:
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context.encode())
    except (InvalidTag, ValueError) as error:
        raise Unsealable(
            "A sealed secret does not open: DOORWARD_ENCRYPTION_KEYS must hold the key "
            "that sealed it."
        ) from error
