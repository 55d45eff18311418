"""Keys that another system issued: how one is found by its text, and becomes ours.

What was imported is a hash, kept under a digest of ours. The first time that its key is
shown, the row gets the digest that keys of our own have, and the hash is gone.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import sealing, waiting
from accounts.credentials import Credential
from accounts.presented import API_KEY_HEADER, BEARER
from accounts.problems import Problem
from accounts.products import products
from apikeys import authentication, hashes
from apikeys.hashes import PBKDF2, Salted
from apikeys.models import ApiKeySecret
from ratelimits import brakes

# Of the digest that a key of our own lies under, as in `ApiKeySecret.format`.
NATIVE = ""
JWT = "eyJ"
CARRIERS = frozenset({BEARER, API_KEY_HEADER})


def find(text: str, carrier: str | None, *, address: str) -> Credential | None:
    """As `accounts.credentials.ImportedKeys` says: one query, and a few on the first
    use."""
    secret = prove(text, address=address)
    if secret is None:
        return None
    product = secret.api_key.organization.product
    # Of nowhere a key may come too: who judges it for others does not know where.
    if carrier is not None and carrier not in CARRIERS | product.imported_schemes:
        return None
    return authentication.proven(secret)


def prove(text: str, *, address: str) -> ApiKeySecret | None:
    """The imported secret with this text, dead or alive. Raises Problem where a salted
    hash would have to be computed for an address that guessed too often."""
    if not is_foreign(text):
        return None
    candidates = candidates_of(text)
    secret = ApiKeySecret.objects.with_digest(list(candidates))
    if secret is None or secret.imported_digest is None:
        return None
    # A row is only what its own column says: no hash passes as a key.
    if candidates[bytes(secret.digest)] != secret.format:
        return None
    if secret.format == PBKDF2 and secret.sealed_hash is None:
        # Another first use was quicker since the row was read: it is as ours now.
        return ApiKeySecret.objects.with_digest(sealing.digests(text))
    if secret.format == PBKDF2 and not _fits(secret, text, address=address):
        return None
    return _upgraded(secret, text) if secret.format else secret


def is_foreign(text: str) -> bool:
    """Whether it could be a key from elsewhere. What looks like ours, in whatever case
    or quotes, is none, and costs no query."""
    if not hashes.SHOWABLE.fullmatch(text) or text.startswith(JWT):
        return False
    plain = text.strip("\"'").lower()
    return not any(plain.startswith(each.prefixes) for each in products().values())


def context(digest: bytes) -> str:
    """What a salted hash is sealed for: the row that is found by this digest."""
    return f"api_key_hash:{digest.hex()}"


def salted_of(secret: ApiKeySecret) -> tuple[str, str]:
    """Its salted hash, and what stands before the dot in its key."""
    digest = bytes(secret.imported_digest or b"")
    plain = sealing.unseal(bytes(secret.sealed_hash or b""), context=context(digest))
    hash_, _, prefix = plain.decode().partition(" ")
    return hash_, prefix


def candidates_of(text: str) -> dict[bytes, str]:
    """By digest under every pepper, the format of the row that may lie there."""
    found = dict.fromkeys(sealing.digests(text), NATIVE)
    for family, standing in hashes.standing_for(text).items():
        found |= dict.fromkeys(sealing.digests(standing), family)
    return found


def _fits(secret: ApiKeySecret, text: str, *, address: str) -> bool:
    """Whether the salted hash is this key's. Half a second's work, so guesses are
    braked by address."""
    salted = Salted.parse(salted_of(secret)[0])
    request = HttpRequest()
    request.client_address = address  # type: ignore[attr-defined]
    try:
        with brakes.guess(request, "imported_keys") as guess:
            fits = salted.fits(text)
            if not fits:
                guess.wrong()
    except brakes.TooManyGuesses as refusal:
        advice = f"Wait {waiting.in_words(refusal.seconds)}, then try again."
        raise Problem(
            "too_many_attempts", advice, retry_after=refusal.seconds
        ) from None
    return fits


def _upgraded(secret: ApiKeySecret, text: str) -> ApiKeySecret:
    """The same secret under a digest of ours. Of several first uses one does it."""
    native = sealing.digest(text)
    row = ApiKeySecret.objects.filter(
        pk=secret.pk, digest=secret.digest, format=secret.format
    )
    try:
        with transaction.atomic():
            row.update(
                digest=native,
                pepper=sealing.newest_pepper(),
                hint=hashes.hint(text),
                format=NATIVE,
                sealed_hash=None,
            )
    except IntegrityError:
        # The same key was imported as it is, too. Whoever is asked, that one counts.
        return ApiKeySecret.objects.with_digest([native]) or secret
    return secret
