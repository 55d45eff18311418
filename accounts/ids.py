"""Public ids: TypeIDs, a prefix and a UUIDv7 (RFC 9562 5.7) in base 32."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
VALUES = {character: value for value, character in enumerate(ALPHABET)}
LENGTH = 26

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """A time-ordered UUID. Two made by one process one after the other also sort so."""
    global _last
    with _lock:
        # 48 bits of milliseconds, then 12 bits of the fraction as RFC 9562 6.2 method
        # 3.
        ticks = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = ticks
    milliseconds, fraction = divmod(ticks, 4096)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | fraction << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))


def first_at(moment: datetime) -> UUID:
    """The smallest of that moment: ids grow with time, so that the primary key's index
    leads to what came since."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def encode(prefix: str, value: UUID) -> str:
    """`key` and a UUID -> `key_01h455vb4pex5vsknk084sn02q`."""
    number = value.int
    characters = [ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(characters)}"


def decode(prefix: str, text: str) -> UUID:
    """The UUID of a public id. Raises ValueError unless it is spelled exactly so."""
    start, _, body = text.rpartition("_")
    if start != prefix or len(body) != LENGTH or body[0] > "7":
        raise ValueError(f"expected an id that begins with {prefix}_")
    number = 0
    for character in body:
        if character not in VALUES:
            raise ValueError(f"expected an id that begins with {prefix}_")
        number = number << 5 | VALUES[character]
    return UUID(int=number)
