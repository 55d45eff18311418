"""Reports of leaked keys that GitHub signs: which keys are GitHub's, and what they
signed.

ECDSA with P-256 and SHA-256 over the bytes of the body. The public keys lie in a file,
in the format in which GitHub publishes them; a request never asks the network.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.problems import Problem

PUBLISHED = "https://api.github.com/meta/public_keys/secret_scanning"
REFRESH = "manage.py apikeys github-keys"
Keys = dict[str, ec.EllipticCurvePublicKey]

logger = logging.getLogger(__name__)


class NotKeys(ValueError):
    """The text is no list of public keys as GitHub publishes it. Says why."""


@dataclass(slots=True)
class _Loaded:
    """What was read last, and what the file looked like then."""

    seen: tuple[str, int, int, int] | None = None
    keys: Keys | None = None


_loaded = _Loaded()


def require_signature(body: bytes, *, identifier: str, signature: str) -> None:
    """Raises Problem `invalid_signature`. The key may be an older one of GitHub's."""
    key = _keys().get(identifier)
    if key is None:
        logger.warning("GitHub signed with a key that is not known here: %s.", REFRESH)
        raise Problem("invalid_signature")
    try:
        signed = base64.b64decode(signature, validate=True)
        key.verify(signed, body, ec.ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise Problem("invalid_signature") from error


def read(text: str) -> Keys:
    """The keys by their identifiers. Raises NotKeys."""
    try:
        rows: list[dict[str, Any]] = json.loads(text)["public_keys"]
        found = {str(row["key_identifier"]): _key(row["key"]) for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = str(error) if isinstance(error, NotKeys) else "it has another form"
        raise NotKeys(f"This is no list of GitHub's public keys: {why}.") from error
    if not found:
        raise NotKeys("This list of GitHub's public keys is empty.")
    return found


def keep(text: str) -> Keys:
    """Put a list in the place of the old one, whole or not at all. Raises NotKeys,
    OSError."""
    found = read(text)
    file: Path = settings.GITHUB_KEYS_FILE
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        os.replace(draft, file)
    except BaseException:
        Path(draft).unlink()
        raise
    return found


def _keys() -> Keys:
    """From the file, read anew when it changed. None where there is no file."""
    file: Path = settings.GITHUB_KEYS_FILE
    try:
        facts = file.stat()
        seen = (str(file), facts.st_mtime_ns, facts.st_ino, facts.st_size)
        if _loaded.keys is None or _loaded.seen != seen:
            _loaded.keys = read(file.read_text(encoding="utf-8"))
            _loaded.seen = seen
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        message = f"{file} does not hold GitHub's public keys: run {REFRESH}."
        raise ImproperlyConfigured(message) from error
    return _loaded.keys


def _key(pem: Any) -> ec.EllipticCurvePublicKey:
    key = load_pem_public_key(str(pem).encode())
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise NotKeys("a key is not of an elliptic curve")
    if not isinstance(key.curve, ec.SECP256R1):
        raise NotKeys("a key is not of the curve P-256")
    return key
