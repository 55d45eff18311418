"""The public keys of an application, as a JSON Web Key Set (RFC 7517 5)."""

from __future__ import annotations

from typing import Any

from accounts import jwk

MOST_KEYS = 10
MOST_KID_CHARACTERS = 255


def check(keys: dict[str, Any]) -> None:
    """Raises ValueError, which says what is wrong, unless all can verify signatures."""
    listed = keys.get("keys")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_KEYS:
        raise ValueError(f'Send {{"keys": […]}} with 1 to {MOST_KEYS} public keys.')
    for number, key in enumerate(listed, 1):
        try:
            _check_key(key)
        except ValueError as error:
            raise ValueError(f"Key {number}: {error}") from error
    named = [key["kid"] for key in listed if "kid" in key]
    if len(set(named)) < len(named):
        raise ValueError('Give each key a "kid" of its own.')
    if len(listed) > 1 and len(named) < len(listed):
        raise ValueError('Give each of several keys a "kid".')


def _check_key(key: Any) -> None:
    if not isinstance(key, dict):
        raise ValueError("Send a JSON object.")
    jwk.public_key_of(key)
    if key.get("use", "sig") != "sig" or key.get("key_ops", ["verify"]) != ["verify"]:
        raise ValueError('Send a key to verify with: "use" is "sig".')
    kid = key.get("kid", "1")
    if not isinstance(kid, str) or not 0 < len(kid) <= MOST_KID_CHARACTERS:
        raise ValueError(f'"kid" is text of 1 to {MOST_KID_CHARACTERS} characters.')
    algorithm = key.get("alg")
    if algorithm is not None and not _fits(key, algorithm):
        known = ", ".join(jwk.ALGORITHMS)
        raise ValueError(f'"alg" fits the key and is one of {known}.')


def _fits(key: dict[str, Any], algorithm: Any) -> bool:
    return algorithm in jwk.ALGORITHMS and jwk.fits(key, algorithm)
