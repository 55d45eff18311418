"""A JSON Web Key (RFC 7517) that somebody shows us: what it is, and what to call it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

# What a client may sign with, and the type and curve of the key that fits.
_KEY_OF_ALGORITHM = {
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
    # The same under its own name (RFC 9864 2.2).
    "Ed25519": ("OKP", "Ed25519"),
}
ALGORITHMS = tuple(_KEY_OF_ALGORITHM)
# Longer keys take an attacker no longer to send, and us much longer to use.
RSA_BITS = range(2048, 4096 + 1)
LONGEST_RSA_EXPONENT = 64

# RFC 7638 3.2 and RFC 8037 2: what makes the key what it is.
_REQUIRED = {
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CURVES = frozenset({(kty, crv) for kty, crv in _KEY_OF_ALGORITHM.values() if crv})
_READERS = {
    "RSA": RSAAlgorithm.from_jwk,
    "EC": ECAlgorithm.from_jwk,
    "OKP": OKPAlgorithm.from_jwk,
}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 3: SHA-256 over the required members, sorted, without white space.

    Raises ValueError for what is no public RSA, EC or OKP key.
    """
    canonical = json.dumps(_members(jwk), sort_keys=True, separators=(",", ":"))
    hashed = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def public_key_of(jwk: Mapping[str, Any]) -> PublicKey:
    """The key that verifies. Raises ValueError, which says what is wrong with it."""
    members = _members(jwk)
    if not _PRIVATE.isdisjoint(jwk):
        raise ValueError("The key has private members. Send its public part only.")
    kty, crv = members["kty"], members.get("crv")
    if kty != "RSA" and (kty, crv) not in _CURVES:
        raise ValueError("The curve is not supported. Use P-256 or Ed25519.")
    try:
        key = _READERS[kty](members)
    except (jwt.PyJWTError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("The members do not make a public key.") from error
    if isinstance(key, RSAPublicKey):
        _refuse_size(key)
    if not isinstance(key, PublicKey):
        raise ValueError("The key is not public.")
    return key


def fits(jwk: Mapping[str, Any], algorithm: str) -> bool:
    """Whether a key of this type and curve signs by this algorithm of ALGORITHMS."""
    kty, crv = _KEY_OF_ALGORITHM[algorithm]
    return jwk.get("kty") == kty and crv in (None, jwk.get("crv"))


def _members(jwk: Mapping[str, Any]) -> dict[str, str]:
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in _REQUIRED:
        raise ValueError("The key must be a public RSA, EC or OKP key.")
    members = {name: jwk.get(name) for name in _REQUIRED[kty]}
    for name, value in members.items():
        if not isinstance(value, str) or not _BASE64URL.fullmatch(value):
            raise ValueError(f'The member "{name}" must be base64url text.')
    return members  # type: ignore[return-value]


def _refuse_size(key: RSAPublicKey) -> None:
    if key.key_size not in RSA_BITS:
        raise ValueError(
            f"An RSA key has {RSA_BITS[0]} to {RSA_BITS[-1]} bits, "
            f"this one has {key.key_size}."
        )
    if key.public_numbers().e.bit_length() > LONGEST_RSA_EXPONENT:
        raise ValueError("The RSA exponent is too large. Use 65537.")
