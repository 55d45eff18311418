"""Where a request shows its credential: one header, and the scheme that carries it."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.problems import Problem
from accounts.products import IMPORTED_SCHEMES

BEARER = "bearer"
DPOP = "dpop"
API_KEY_HEADER = "x-api-key"
# The schemes of Authorization that carry a credential. X-API-Key is a header, no
# scheme. The last two are of keys from elsewhere, where the product file names them.
SCHEMES = {"bearer": BEARER, "dpop": DPOP, **IMPORTED_SCHEMES}


def credential_in(meta: Mapping[str, str]) -> tuple[str, str] | None:
    """The carrier and the text of the one credential in the headers, which are named
    as WSGI names them. None: there is none. Raises Problem: there are two.

    A scheme that is none of ours is the carrier "", which carries nothing.
    """
    authorization = meta.get("HTTP_AUTHORIZATION")
    key = meta.get("HTTP_X_API_KEY")
    if authorization is not None and key is not None:
        raise Problem("two_credentials")
    if key is not None:
        return API_KEY_HEADER, _single(key)
    if authorization is None:
        return None
    # The scheme's case does not matter (RFC 9110 11.1).
    scheme, _, text = authorization.partition(" ")
    return SCHEMES.get(scheme.lower(), ""), _single(text.lstrip(" "))


def _single(text: str) -> str:
    """A server joins repeated headers by commas; no credential of ours has one."""
    if "," in text:
        raise Problem("two_credentials")
    return text
