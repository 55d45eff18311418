"""The keys that sign our JWTs, RSA-3072 and P-256: in a table, rotated without a
restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from accounts import audit, jwk, sealing
from accounts.audit import Actor
from accounts.jwk import PublicKey
from accounts.models import SigningKey
from accounts.products import Product, products

RS256, ES256 = SigningKey.RS256, SigningKey.ES256
KEY_BITS = 3072
# How long an ID token (OpenID Connect Core 2) can be shown.
ID_TOKEN_SECONDS = 3600
# A key that another process made or retired is noticed within this many seconds.
REREAD_SECONDS = 30.0
# A token with an unknown kid makes us look again, but not once per forged token.
UNKNOWN_KID_SECONDS = 1.0

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class _PublicKeys:
    """The verifying keys as this process knows them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys: dict[str, tuple[PublicKey, datetime | None]] = {}
        self.read_at = float("-inf")

    def find(self, kid: str) -> PublicKey | None:
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
            row.kid: (jwk.public_key_of(row.public_jwk), row.expires_at)
            for row in SigningKey.objects.all()
        }
        self.read_at = time.monotonic()

    def _is_due(self, kid: str) -> bool:
        age = time.monotonic() - self.read_at
        return age > (REREAD_SECONDS if kid in self.keys else UNKNOWN_KID_SECONDS)

    def forget(self) -> None:
        self.read_at = float("-inf")


_public_keys = _PublicKeys()
_private_keys: dict[str, PrivateKey] = {}


def public_key(kid: str) -> PublicKey | None:
    """The key that verifies, none where the kid is unknown or its time is over."""
    return _public_keys.find(kid)


def active_key(algorithm: str = RS256) -> tuple[str, PrivateKey]:
    """The kid and the key that sign now. Makes the first keys of an algorithm."""
    rows = SigningKey.objects.filter(algorithm=algorithm, state=SigningKey.ACTIVE)
    row = rows.first() or _first_key(algorithm)
    if row.kid not in _private_keys:
        _private_keys[row.kid] = _private_key(row)
    return row.kid, _private_keys[row.kid]


def jwks() -> dict[str, Any]:
    """The JSON Web Key Set (RFC 7517 5): next, active, and retired while in use.

    Keys of every algorithm are there before the first signature: who has read the set
    need not read it again for a while.
    """
    found = _published()
    for algorithm in {RS256, ES256} - {row.algorithm for row in found}:
        _first_key(algorithm)
        found = _published()
    return {"keys": [row.public_jwk for row in found]}


def rotate(*, by: Actor) -> list[SigningKey]:
    """The next key of each algorithm in use signs from now on, the active one only
    verifies until its tokens end. The answer is the keys that sign now.

    The next one was published beforehand, so nobody meets a kid that they do not know.
    """
    active_key()
    in_use = SigningKey.objects.filter(state=SigningKey.ACTIVE)
    algorithms = in_use.order_by("-algorithm").values_list("algorithm", flat=True)
    # Made ahead: an RSA key takes most of a second, too long to hold the rows.
    following = [_new_key(algorithm, SigningKey.NEXT) for algorithm in algorithms]
    with transaction.atomic():
        _wait_for_other_rotations()
        promoted = [_promote(key, by=by) for key in following]
        SigningKey.objects.filter(expires_at__lte=timezone.now()).delete()
    _public_keys.forget()
    return promoted


def longest_token() -> timedelta:
    """How long the longest-lived JWT of any product can still be shown."""
    return max(lifetime for each in products().values() for lifetime in _lives(each))


def forget() -> None:
    """Drop what this process remembers."""
    _public_keys.forget()
    _private_keys.clear()


def _published() -> list[SigningKey]:
    alive = SigningKey.objects.exclude(expires_at__lte=timezone.now())
    return list(alive.order_by("created_at"))


def _lives(product: Product) -> list[timedelta]:
    """How long each JWT of a product is valid."""
    numbers = (
        product.sessions.access_seconds,
        product.oauth.access_seconds,
        ID_TOKEN_SECONDS,
    )
    return [
        product.sessions.refresh_idle,
        *(timedelta(seconds=number) for number in numbers),
    ]


def _first_key(algorithm: str) -> SigningKey:
    active = _new_key(algorithm, SigningKey.ACTIVE)
    following = _new_key(algorithm, SigningKey.NEXT)
    active.activated_at = timezone.now()
    try:
        with transaction.atomic():
            active.save(force_insert=True)
            following.save(force_insert=True)
    except IntegrityError:
        # Another process was first. Its key is as good.
        return SigningKey.objects.get(algorithm=algorithm, state=SigningKey.ACTIVE)
    _public_keys.forget()
    return active


def _wait_for_other_rotations() -> None:
    """Whoever waited here reads the rows anew. By rows alone two would wait for each
    other: each new rotation sees keys that the one before it did not. SQLite has one
    writer anyway."""
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(SigningKey._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _promote(following: SigningKey, *, by: Actor) -> SigningKey:
    """Let the next key of an algorithm sign, with another one to follow it."""
    now = timezone.now()
    rows = SigningKey.objects.filter(algorithm=following.algorithm)
    retired = rows.get(state=SigningKey.ACTIVE)
    retired.state, retired.expires_at = SigningKey.RETIRED, now + longest_token()
    retired.save(update_fields=["state", "expires_at"])
    waiting = rows.filter(state=SigningKey.NEXT).first()
    promoted = waiting or _new_key(following.algorithm, SigningKey.NEXT)
    promoted.state, promoted.activated_at = SigningKey.ACTIVE, now
    promoted.save()
    following.save(force_insert=True)
    audit.record(
        "signing_key.rotated",
        by=by,
        organization=None,
        target=promoted.kid,
        retired=retired.kid,
    )
    return promoted


def _new_rsa_key() -> tuple[PrivateKey, dict[str, Any]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    found = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return key, {name: found[name] for name in ("e", "kty", "n")}


def _new_p256_key() -> tuple[PrivateKey, dict[str, Any]]:
    key = ec.generate_private_key(ec.SECP256R1())
    found = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return key, {name: found[name] for name in ("crv", "kty", "x", "y")}


_MAKERS: dict[str, Callable[[], tuple[PrivateKey, dict[str, Any]]]] = {
    RS256: _new_rsa_key,
    ES256: _new_p256_key,
}


def _new_key(algorithm: str, state: str) -> SigningKey:
    private, members = _MAKERS[algorithm]()
    kid = jwk.thumbprint(members)
    plain = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        state=state,
        public_jwk={**members, "kid": kid, "use": "sig", "alg": algorithm},
        sealed_private=sealing.seal(plain, context=f"signing-key:{kid}"),
    )


def _private_key(row: SigningKey) -> PrivateKey:
    plain = sealing.unseal(bytes(row.sealed_private), context=f"signing-key:{row.kid}")
    # The seal vouches for the key; to check the primes again takes a tenth of a second.
    key = serialization.load_der_private_key(
        plain, password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, PrivateKey):
        raise sealing.Unsealable(f"Signing key {row.kid} is of another kind.")
    return key
