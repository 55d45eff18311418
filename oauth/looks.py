"""What the secrets of OAuth look like. Knows no database.

A prefix, 64 random hex (256 bits) and their CRC-32, so that a typing error costs no
query and a scanner finds a leaked one offline.
"""

from __future__ import annotations

from accounts import opaque
from accounts.products import products

RANDOM_LENGTH = 64
BODY_LENGTH = RANDOM_LENGTH + opaque.CHECKSUM_LENGTH
SHOWN = 4

# Secrets that live for minutes look the same for every product.
CODE_PREFIX = "oauth_code_"
DEVICE_PREFIX = "oauth_device_"
REQUEST_PREFIX = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 2.2
SHORT_LIVED = (CODE_PREFIX, DEVICE_PREFIX)


def make(prefix: str) -> str:
    """A new secret, to be shown once."""
    return opaque.make(prefix, random_characters=RANDOM_LENGTH)


def well_formed(text: str, prefix: str) -> bool:
    return opaque.well_formed(text, prefix=prefix, length=BODY_LENGTH)


def access_prefix_of(text: str) -> str | None:
    """The prefix of a product's access tokens that the text begins with."""
    prefixes = (product.oauth.access_prefix for product in products().values())
    return next((prefix for prefix in prefixes if text.startswith(prefix)), None)


def is_refresh_token(text: str) -> bool:
    """Whether it could be a refresh token of ours, down to its checksum."""
    return any(
        well_formed(text, product.oauth.refresh_prefix)
        for product in products().values()
    )


def is_access_token(text: str) -> bool:
    """Whether it could be an opaque access token of ours, down to its checksum."""
    prefix = access_prefix_of(text)
    return prefix is not None and well_formed(text, prefix)


def hint(secret: str, prefix: str) -> str:
    """`nr_ocs_a1b2…9f0e`: enough to recognise a secret."""
    return f"{prefix}{secret[len(prefix) :][:SHOWN]}…{secret[-SHOWN:]}"
