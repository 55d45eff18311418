"""What a key looks like. Knows no database.

A prefix of the product, 40 random hex (160 bits) and their CRC-32 as 8 hex: the 48 hex
characters of the guides, in which a typing error is told without a query.
"""

from __future__ import annotations

from accounts import opaque
from accounts.products import LIVE, TEST, products

BODY_LENGTH = 48
RANDOM_LENGTH = BODY_LENGTH - opaque.CHECKSUM_LENGTH


def make(prefix: str) -> str:
    """A new key, to be shown once."""
    return opaque.make(prefix, random_characters=RANDOM_LENGTH)


def prefix_of(text: str) -> str | None:
    """The key prefix of a product that the text begins with."""
    for product in products().values():
        for environment in (LIVE, TEST):
            prefix = product.key_prefix(environment)
            if text.startswith(prefix):
                return prefix
    return None


def well_formed(text: str) -> bool:
    """Whether it could be a key of ours: prefix, length, alphabet and checksum."""
    prefix = prefix_of(text)
    return prefix is not None and opaque.well_formed(
        text, prefix=prefix, length=BODY_LENGTH
    )


def hint(key: str) -> str:
    """`nr_live_a1b2…9f0e`: enough to recognise a key, 128 bits stay unknown."""
    return opaque.hint(key, prefix=prefix_of(key) or "")
