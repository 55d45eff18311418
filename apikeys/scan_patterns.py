"""What our credentials look like, as other scanners want to be told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from apikeys.scanning import Look

CHECKSUM = (
    "The last 8 characters are the CRC-32 (as in zlib and gzip), as 8 lower-case hex, "
    "of all that stands before them, the prefix included."
)
# What GitHub's form for a pattern offers for the surroundings.
BEFORE, AFTER = r"\A|[^0-9A-Za-z_]", r"\z|[^0-9A-Za-z]"


def regex_of(look: Look) -> str:
    return f"{look.prefix}[0-9a-f]{{{look.length}}}"


def as_json(known: list[Look]) -> str:
    """A list of name, regex and the rule of the checksum, which a regex cannot tell."""
    patterns = [
        {"name": look.name, "regex": regex_of(look), "checksum": CHECKSUM}
        for look in known
    ]
    return json.dumps(patterns, indent=2)


def as_gitleaks(known: list[Look]) -> str:
    """Rules for the file .gitleaks.toml."""
    rules = [
        "\n".join(
            [
                "[[rules]]",
                f'id = "{_id(look)}"',
                f"description = {json.dumps(look.name, ensure_ascii=False)}",
                f"regex = '''{regex_of(look)}'''",
                f'keywords = ["{look.prefix}"]',
            ]
        )
        for look in known
    ]
    return "\n\n".join(rules)


def as_github(known: list[Look]) -> str:
    """The fields of GitHub's form for a custom pattern, and of its partner program."""
    patterns = [
        {
            "name": look.name,
            "secret_format": regex_of(look),
            "before_secret": BEFORE,
            "after_secret": AFTER,
        }
        for look in known
    ]
    return json.dumps(patterns, indent=2)


def _id(look: Look) -> str:
    return re.sub(r"[^a-z0-9]+", "-", look.name.lower()).strip("-")


FORMATS: dict[str, Callable[[list[Look]], str]] = {
    "json": as_json,
    "gitleaks": as_gitleaks,
    "github": as_github,
}
