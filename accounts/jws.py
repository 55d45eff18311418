"""A JWS in its compact form (RFC 7515 3.1): what it says, and what verifies it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
from jwt.algorithms import OKPAlgorithm

# Verifies by what somebody shows, with the name of RFC 9864 that the package lacks.
verifier = jwt.PyJWS()
verifier.register_algorithm("Ed25519", OKPAlgorithm())
jwt.register_algorithm("Ed25519", OKPAlgorithm())

HEADER, PAYLOAD = 0, 1


def part(text: str, which: int, *, longest: int) -> dict[str, Any] | None:
    """The JSON object of one part, none for anything else. Never raises."""
    if len(text) > longest or text.count(".") != 2:
        return None
    encoded = text.split(".")[which]
    try:
        padding = "=" * (-len(encoded) % 4)
        found = json.loads(base64.urlsafe_b64decode(encoded + padding))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
