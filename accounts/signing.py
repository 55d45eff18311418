"""The keys that sign our JWTs: RSA-3072, in a table, rotated without a restart."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from django.db import IntegrityError, transaction
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from accounts import audit, sealing
from accounts.audit import Actor
from accounts.models import SigningKey
from accounts.products import products

ALGORITHM = "RS256"
KEY_BITS = 3072
# A key that another process made or retired is noticed within this many seconds.
REREAD_SECONDS = 30.0
# A token with an unknown kid makes us look again, but not once per forged token.
UNKNOWN_KID_SECONDS = 1.0


class _PublicKeys:
    """The verifying keys as this process knows them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys: dict[str, tuple[RSAPublicKey, datetime | None]] = {}
        self.read_at = float("-inf")

    def find(self, kid: str) -> RSAPublicKey | None:
        # Whoever knows the key goes on with it while another thread looks.
        if self._is_due(kid) and self.lock.acquire(blocking=kid not in self.keys):
            try:
                if self._is_due(kid):
                    self.read()
            finally:
                self.lock.release()
        key, expires_at = self.keys.get(kid, (None, None))
        if expires_at is not None and expires_at <= timezone.now():
            return None
        return key

    def read(self) -> None:
        self.keys = {
            row.kid: (_public_key(row.public_jwk), row.expires_at)
            for row in SigningKey.objects.all()
        }
        self.read_at = time.monotonic()

    def _is_due(self, kid: str) -> bool:
        age = time.monotonic() - self.read_at
        return age > (REREAD_SECONDS if kid in self.keys else UNKNOWN_KID_SECONDS)

    def forget(self) -> None:
        self.read_at = float("-inf")


_public_keys = _PublicKeys()
_private_keys: dict[str, RSAPrivateKey] = {}


def public_key(kid: str) -> RSAPublicKey | None:
    """The key that verifies, none where the kid is unknown or its time is over."""
    return _public_keys.find(kid)


def active_key() -> tuple[str, RSAPrivateKey]:
    """The kid and the key that sign now. Makes the first keys of a new deployment."""
    row = SigningKey.objects.filter(state=SigningKey.ACTIVE).first() or _first_key()
    if row.kid not in _private_keys:
        _private_keys[row.kid] = _private_key(row)
    return row.kid, _private_keys[row.kid]


def jwks() -> dict[str, Any]:
    """The JSON Web Key Set (RFC 7517 5): next, active, and retired while in use."""
    rows = SigningKey.objects.exclude(expires_at__lte=timezone.now()).order_by(
        "created_at"
    )
    return {"keys": [row.public_jwk for row in rows]}


def rotate(*, by: Actor) -> SigningKey:
    """The next key signs from now on, the active one only verifies until its tokens
    end.

    The next one was published beforehand, so nobody meets a kid that they do not know.
    """
    active_key()
    with transaction.atomic():
        rows = {row.state: row for row in SigningKey.objects.select_for_update()}
        now = timezone.now()
        retired = rows[SigningKey.ACTIVE]
        retired.state, retired.expires_at = SigningKey.RETIRED, now + longest_token()
        retired.save(update_fields=["state", "expires_at"])
        promoted = rows.get(SigningKey.NEXT) or _new_key(SigningKey.NEXT)
        promoted.state, promoted.activated_at = SigningKey.ACTIVE, now
        promoted.save()
        _new_key(SigningKey.NEXT).save(force_insert=True)
        SigningKey.objects.filter(expires_at__lte=now).delete()
        audit.record(
            "signing_key.rotated",
            by=by,
            organization=None,
            target=promoted.kid,
            retired=retired.kid,
        )
    _public_keys.forget()
    return promoted


def longest_token() -> timedelta:
    """How long the longest-lived JWT of any product can still be shown."""
    rules = [product.sessions for product in products().values()]
    access = timedelta(seconds=max(rule.access_seconds for rule in rules))
    return max(access, *(rule.refresh_idle for rule in rules))


def forget() -> None:
    """Drop what this process remembers."""
    _public_keys.forget()
    _private_keys.clear()


def _first_key() -> SigningKey:
    active, following = _new_key(SigningKey.ACTIVE), _new_key(SigningKey.NEXT)
    active.activated_at = timezone.now()
    try:
        with transaction.atomic():
            active.save(force_insert=True)
            following.save(force_insert=True)
    except IntegrityError:
        # Another process was first. Its key is as good.
        return SigningKey.objects.get(state=SigningKey.ACTIVE)
    _public_keys.forget()
    return active


def _new_key(state: str) -> SigningKey:
    private = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    members = {"e": jwk["e"], "kty": "RSA", "n": jwk["n"]}
    kid = _thumbprint(members)
    plain = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(
        kid=kid,
        state=state,
        public_jwk={**members, "kid": kid, "use": "sig", "alg": ALGORITHM},
        sealed_private=sealing.seal(plain, context=f"signing-key:{kid}"),
    )


def _thumbprint(members: dict[str, str]) -> str:
    """RFC 7638 3: SHA-256 over the required members, sorted, without white space."""
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    hashed = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _private_key(row: SigningKey) -> RSAPrivateKey:
    plain = sealing.unseal(bytes(row.sealed_private), context=f"signing-key:{row.kid}")
    # The seal vouches for the key; to check the primes again takes a tenth of a second.
    key = serialization.load_der_private_key(
        plain, password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, RSAPrivateKey):
        raise sealing.Unsealable(f"Signing key {row.kid} is not an RSA key.")
    return key


def _public_key(jwk: dict[str, Any]) -> RSAPublicKey:
    key = RSAAlgorithm.from_jwk(jwk)
    if not isinstance(key, RSAPublicKey):
        raise sealing.Unsealable("A public key of the table is not public.")
    return key
