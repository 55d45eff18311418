"""Where a browser may be sent back to. Knows no database.

Addresses are compared as texts (RFC 9700 2.1), so each is written in one way only.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from oauth.models.applications import NATIVE

MOST_CHARACTERS = 2000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
DANGEROUS = frozenset({"javascript", "data", "file", "blob", "about", "vbscript"})

# Printable ASCII without what browsers rewrite, and without what ends an attribute.
_CHARACTERS = re.compile(r"[!-~]+")
_REFUSED_CHARACTERS = frozenset("\\\"'<>`{}|^*")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
# RFC 8252 7.1: the name of a domain that its maker has, turned round.
_REVERSED_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
_AUTHORITY = re.compile(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?")
_HIDDEN = re.compile(r"%(2e|2f|5c|00)", re.IGNORECASE)
_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_LOOPBACK_ADDRESS = re.compile(
    r"(?P<host>http://(127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(?P<rest>([/?][!-~]*)?)"
)


def check(uri: str, *, application_type: str) -> None:
    """Raises ValueError, which says what to do, unless it may be registered."""
    _check_text(uri)
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise ValueError("The host is not written correctly.") from error
    if parts.scheme in DANGEROUS:
        raise ValueError(f"{parts.scheme}: is no place to send people to. Use https.")
    if parts.scheme in ("https", "http"):
        _check_host(parts)
    elif application_type == NATIVE:
        _check_private_use(parts)
    else:
        raise ValueError("Use https. Only native applications have their own schemes.")
    _check_path(parts)


def check_https(uri: str) -> None:
    """The same for an address that we call: https, on loopback http too."""
    check(uri, application_type="")


def allowed(uri: str, registered: list[str], *, application_type: str) -> bool:
    """Whether people may be sent there: the very text that was registered.

    A native application hears on whatever port is free (RFC 8252 7.3).
    """
    if uri in registered:
        return True
    portless = _without_port(uri) if application_type == NATIVE else None
    return portless is not None and portless in map(_without_port, registered)


def _without_port(uri: str) -> str | None:
    """What stays the same on every port of a loopback address. None for others."""
    found = _LOOPBACK_ADDRESS.fullmatch(uri)
    return f"{found['host']}{found['rest']}" if found and "#" not in uri else None


def _check_text(uri: str) -> None:
    if len(uri) > MOST_CHARACTERS:
        raise ValueError(f"Use at most {MOST_CHARACTERS} characters.")
    if not _CHARACTERS.fullmatch(uri):
        raise ValueError("Use printable ASCII without spaces. Encode the rest as %XX.")
    refused = sorted(_REFUSED_CHARACTERS.intersection(uri))
    if refused:
        raise ValueError(f"Leave out {' '.join(refused)}, or encode it as %XX.")
    if not _SCHEME.match(uri):
        raise ValueError(
            "Use a whole address that begins with https://, in lower case."
        )
    if "#" in uri:
        raise ValueError("Leave out the fragment, the part from # on.")
    if _PERCENT.search(uri):
        raise ValueError("Write two hexadecimal digits after each %.")


def _check_host(parts: SplitResult) -> None:
    if not parts.netloc:
        raise ValueError("Name a host, as in https://app.example.com/callback.")
    if "@" in parts.netloc:
        raise ValueError("Leave out user and password before the host.")
    found = _AUTHORITY.fullmatch(parts.netloc)
    if found is None or (found[2] and not 0 < int(found[2][1:]) < 65536):
        raise ValueError("The host is not written correctly.")
    if parts.scheme == "http" and found[1] not in LOOPBACK:
        raise ValueError(
            "Use https. http is only for localhost, 127.0.0.1 and [::1], in lower case."
        )


def _check_private_use(parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise ValueError("Leave out the part before the @.")
    if not _REVERSED_DOMAIN.fullmatch(parts.scheme):
        raise ValueError(
            "A scheme of your own is a domain of yours turned round, such as "
            "com.example.app:/callback."
        )


def _check_path(parts: SplitResult) -> None:
    """A path that readers shorten, each in their own way, could lead elsewhere."""
    segments = parts.path.split("/")
    if ".." in segments or "." in segments or _HIDDEN.search(parts.path):
        raise ValueError("Write the path plainly, without . or .. and encoded ones.")
