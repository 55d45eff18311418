"""How other systems store the hash of a key. Knows no database.

Each family is one function of the whole key. An unsalted hash becomes one text, by
which a key that is shown can be looked up; a salted one cannot, so the part of its key
before the first dot stands for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

SHA256, SHA512, PBKDF2 = "sha256", "sha512", "pbkdf2"
# Whole keys, hashed when they are read.
RAW = "raw"
# What our own export writes.
DOORWARD = "doorward"
UNSALTED = {SHA256: 32, SHA512: 64}
# The names by which rows call them: what is not in here is no format.
FORMATS = {
    "raw": RAW,
    "netbox": RAW,
    "netbox-v1": RAW,
    "sha256": SHA256,
    "sha256-hex": SHA256,
    "sha256-base64": SHA256,
    "sha256-base64url": SHA256,
    "unkey": SHA256,
    "better-auth": SHA256,
    "sha512": SHA512,
    "sha512-hex": SHA512,
    "sha512-base64": SHA512,
    "drf-api-key": SHA512,
    "knox": SHA512,
    "pbkdf2": PBKDF2,
    "doorward": DOORWARD,
}
# Other spellings of the same: packages by their names, versions behind them.
SPELLINGS = {
    "djangorestframework-api-key": "drf-api-key",
    "drf-apikey": "drf-api-key",
    "django-rest-knox": "knox",
    "betterauth": "better-auth",
    "plain": "raw",
    "pbkdf2-sha256": "pbkdf2",
    "sha-256": "sha256",
    "sha-512": "sha512",
    "sha-256-hex": "sha256-hex",
    "sha-512-hex": "sha512-hex",
}
VERSION = re.compile(r"-v?[0-9]{1,2}(\.[0-9x]+)*\Z")
# No more work than this is done for one key: Django's default is 1,000,000.
MOST_ITERATIONS = 2_000_000
SALTED = re.compile(
    r"pbkdf2_sha256\$(?P<iterations>[1-9][0-9]{0,9})"
    r"\$(?P<salt>[^$\s]{1,128})\$(?P<hash>[A-Za-z0-9+/]{43}=)"
)
# What a request can show: RFC 9110 joins repeated headers by commas.
SHOWABLE = re.compile(r"[!-+\--~]{16,512}")
PREFIX = re.compile(r"[!-+\-/-~]{1,64}")
SHOWN = 4


class Unreadable(ValueError):
    """What is wrong with a hash, said to who imports it. Never repeats it."""


def named(text: str) -> str:
    """The format that a row means: a name of FORMATS. Raises Unreadable."""
    plain = re.sub(r"[\s_]+", "-", text.strip().lower())
    for spelling in (plain, VERSION.sub("", plain)):
        known = SPELLINGS.get(spelling, spelling)
        if known in FORMATS:
            return known
    raise Unreadable(f"unknown format. There are: {', '.join(FORMATS)}")


def told_by(text: str) -> str:
    """The format of a hash that names it itself. Raises Unreadable."""
    if text.startswith("sha512$$"):
        return "drf-api-key"
    if text.startswith("pbkdf2_"):
        return "pbkdf2"
    raise Unreadable(f"format is missing. There are: {', '.join(FORMATS)}")


def canonical(family: str, text: str) -> str:
    """An unsalted hash as lower-case hex, however it was written. Raises Unreadable."""
    size = UNSALTED[family]
    plain = text.strip().removeprefix(f"{family}$$")
    for read in (bytes.fromhex, _base64):
        try:
            found = read(plain)
        except (ValueError, binascii.Error):
            continue
        if len(found) == size:
            return found.hex()
    raise Unreadable(f"not a {family} in hex or base64")


def _base64(text: str) -> bytes:
    """Both alphabets, with and without padding."""
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


@dataclass(frozen=True, slots=True)
class Salted:
    """A hash of Django's, `pbkdf2_sha256$iterations$salt$base64`."""

    iterations: int
    salt: str
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> Salted:
        """Raises Unreadable."""
        found = SALTED.fullmatch(text.strip())
        if found is None:
            raise Unreadable("not of the form pbkdf2_sha256$iterations$salt$hash")
        iterations = int(found["iterations"])
        if iterations > MOST_ITERATIONS:
            raise Unreadable(f"more than {MOST_ITERATIONS:,} iterations")
        return cls(iterations, found["salt"], base64.b64decode(found["hash"]))

    def __str__(self) -> str:
        written = base64.b64encode(self.hash).decode()
        return f"pbkdf2_sha256${self.iterations}${self.salt}${written}"

    def fits(self, key: str) -> bool:
        """Whether it is the hash of this key: half a second's work."""
        made = hashlib.pbkdf2_hmac(
            "sha256", key.encode(), self.salt.encode(), self.iterations
        )
        return hmac.compare_digest(made, self.hash)


def stands_for(family: str, canonical_text: str) -> str:
    """What the digest of an imported hash is made of.

    It has a space, so no request can show it: who holds a stolen hash holds no key.
    """
    return f"imported {family}:{canonical_text}"


def standing_for(key: str) -> dict[str, str]:
    """By family, what the digest of the hash of this key would be made of."""
    found = {
        SHA256: stands_for(SHA256, hashlib.sha256(key.encode()).hexdigest()),
        SHA512: stands_for(SHA512, hashlib.sha512(key.encode()).hexdigest()),
    }
    prefix, dot, _ = key.partition(".")
    if dot and PREFIX.fullmatch(prefix):
        found[PBKDF2] = stands_for(PBKDF2, prefix)
    return found


def hint(key: str) -> str:
    """`ivUh…OzL1` of a foreign key: a quarter of it at most."""
    shown = min(SHOWN, len(key) // 8)
    return f"{key[:shown]}…{key[-shown:]}"
