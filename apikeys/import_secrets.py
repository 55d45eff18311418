"""What an imported secret is kept as, and by what it is known again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts import sealing
from accounts.products import LIVE, TEST, Product
from apikeys import hashes, imported, keys
from apikeys.hashes import DOORWARD, PBKDF2, RAW, SHA256, UNSALTED, Salted, Unreadable
from apikeys.models import ApiKeySecret

DIGEST_BYTES = 32
NOT_A_KEY = (
    "16 to 512 visible characters of ASCII, without commas, that do not begin as a "
    "secret of ours"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret that has no key yet. `known_by`: the digests that it, or a row of the
    same key that was imported in another form, may lie under. `environment` is the one
    that a key of our look names, else empty."""

    secret: ApiKeySecret
    known_by: tuple[bytes, ...]
    environment: str = ""


def kept(row: Mapping[str, Any], product: Product, *, usual: str) -> Kept:
    """The secret of a row. `usual`: the format of a row that names none. Raises
    Unreadable."""
    for name in ("key", "hash", "format", "prefix", "pepper_check", "wrapped"):
        if not isinstance(row.get(name, ""), str):
            raise Unreadable(f"{name} is no text")
    if ("key" in row) == ("hash" in row):
        raise Unreadable("one of key and hash is needed")
    if "key" in row:
        return _raw(row["key"], product)
    format_ = row.get("format") or usual or hashes.told_by(row["hash"])
    family = hashes.FORMATS[hashes.named(format_)]
    if family == RAW:
        return _raw(row["hash"], product)
    if family == DOORWARD:
        return _exported(row)
    # The format says which package it was; of which release, the hash itself says.
    if row["hash"].startswith("pbkdf2_"):
        family = PBKDF2
    return _salted(row) if family == PBKDF2 else _hashed(family, row)


def _raw(text: str, product: Product) -> Kept:
    """A whole key. What looks like ours has to be one of this product."""
    environment = _environment(text, product) if keys.prefix_of(text) else ""
    if not environment and not imported.is_foreign(text):
        raise Unreadable(f"this is no key: it has {NOT_A_KEY}")
    standing = hashes.standing_for(text)
    secret = ApiKeySecret(
        digest=sealing.digest(text),
        pepper=sealing.newest_pepper(),
        hint=keys.hint(text) if environment else hashes.hint(text),
        imported_digest=None if environment else sealing.digest(standing[SHA256]),
    )
    forms = [text, *(standing[family] for family in UNSALTED)]
    known_by = (digest for form in forms for digest in sealing.digests(form))
    return Kept(secret, tuple(known_by), environment)


def _environment(text: str, product: Product) -> str:
    prefixes = {product.live_prefix: LIVE, product.test_prefix: TEST}
    environment = prefixes.get(keys.prefix_of(text) or "")
    if environment is None:
        raise Unreadable("this is a key of another product")
    if not keys.well_formed(text):
        raise Unreadable("it begins as a key of ours, but its checksum does not fit")
    return environment


def _hashed(family: str, row: Mapping[str, Any]) -> Kept:
    standing = hashes.stands_for(family, hashes.canonical(family, row["hash"]))
    return _standing(standing, family, hint=_shown(row.get("prefix", "")))


def _salted(row: Mapping[str, Any]) -> Kept:
    salted, prefix = Salted.parse(row["hash"]), row.get("prefix", "")
    if not hashes.PREFIX.fullmatch(prefix):
        raise Unreadable("prefix is needed: what stands before the dot in the key")
    standing = hashes.stands_for(PBKDF2, prefix)
    found = _standing(standing, PBKDF2, hint=_shown(prefix))
    # The prefix is kept for an export.
    plain = f"{salted} {prefix}".encode()
    found.secret.sealed_hash = sealing.seal(
        plain, context=imported.context(bytes(found.secret.digest))
    )
    return found


def _standing(standing: str, family: str, *, hint: str) -> Kept:
    digest = sealing.digest(standing)
    secret = ApiKeySecret(
        digest=digest,
        pepper=sealing.newest_pepper(),
        hint=hint,
        format=family,
        imported_digest=digest,
    )
    return Kept(secret, tuple(sealing.digests(standing)))


def _exported(row: Mapping[str, Any]) -> Kept:
    """A digest of ours, which only its own pepper makes sense of."""
    number = sealing.pepper_checks().get(row.get("pepper_check", ""))
    if number is None:
        raise Unreadable(
            f"its pepper (number {row.get('pepper')} where it comes from) is not "
            "configured here. Add it to DOORWARD_PEPPERS"
        )
    digest = _digest(row["hash"])
    before = _digest(row["imported_digest"]) if "imported_digest" in row else None
    wrapped = row.get("wrapped", "")
    if wrapped not in ("", *UNSALTED) or (wrapped and before is None):
        raise Unreadable("wrapped is none of ours")
    secret = ApiKeySecret(
        digest=digest,
        pepper=number,
        hint=str(row.get("hint", "…"))[:60],
        format=wrapped,
        imported_digest=before,
    )
    return Kept(secret, tuple(each for each in (digest, before) if each))


def _digest(text: Any) -> bytes:
    try:
        found = bytes.fromhex(text)
    except (TypeError, ValueError):
        found = b""
    if len(found) != DIGEST_BYTES:
        raise Unreadable(f"a digest of ours is {DIGEST_BYTES} bytes in hex")
    return found


def _shown(prefix: str) -> str:
    """Of a prefix no more than the database that it comes from keeps readable."""
    is_visible = hashes.PREFIX.fullmatch(prefix) is not None
    return f"{prefix[: 2 * hashes.SHOWN] if is_visible else ''}…"
