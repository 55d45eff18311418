"""What our opaque secrets look like: a prefix, random hex, and a CRC-32 of both as 8
hex.

The checksum is no secret. It lets a typing error be refused without a query, and lets a
scanner tell a leaked secret from noise while offline.
"""

from __future__ import annotations

import secrets
import zlib

CHECKSUM_LENGTH = 8
# Of the hex, at either end, in a hint.
SHOWN = 4
HEX = frozenset("0123456789abcdef")
# Of the secrets that sign webhooks. Standard Webhooks says how they look: in base 64.
WEBHOOK_SECRET = "whsec_"  # noqa: S105 - how it begins


def make(prefix: str, *, random_characters: int) -> str:
    """A new secret: prefix, random hex (4 bits a character), checksum."""
    text = prefix + secrets.token_hex(random_characters // 2)
    return text + checksum(text)


def hint(text: str, *, prefix: str) -> str:
    """`nr_live_a1b2…9f0e`: enough to recognise a secret and not to use it. 4 of the
    last 8 characters are of the checksum, so 128 of a key's 160 bits stay unknown."""
    return f"{prefix}{text[len(prefix) :][:SHOWN]}…{text[-SHOWN:]}"


def checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def well_formed(text: str, *, prefix: str, length: int) -> bool:
    """Whether it is the prefix and `length` lower-case hex that end in their CRC."""
    body = text[len(prefix) :]
    return (
        text.startswith(prefix)
        and len(body) == length
        and HEX.issuperset(body)
        and checksum(text[:-CHECKSUM_LENGTH]) == text[-CHECKSUM_LENGTH:]
    )
