"""What the texts of an imported row stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError

from accounts.fields import VISIBLE
from accounts.models.limited import NUMBERS

LISTS = ("scopes", "tags", "allowed_ips")
LONGEST_NAME = 100
TRUE, FALSE = {"true", "t", "yes", "1"}, {"false", "f", "no", "0"}
SEPARATORS = re.compile(r"[\s,;]+")
# RFC 3339, and as databases print it.
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d(:?\d\d)?)", re.ASCII
)


def name_of(row: Mapping[str, Any], number: int) -> str:
    name = row.get("name", f"Imported key {number}")
    try:
        if isinstance(name, str) and len(name) <= LONGEST_NAME:
            VISIBLE(name)
            return name
    except ValidationError:
        pass
    raise ValueError(f"use 1 to {LONGEST_NAME} visible characters")


def typed(name: str, value: Any) -> Any:
    """What a text of a CSV file stands for."""
    if not isinstance(value, str):
        return value
    if name in LISTS and not value.startswith("["):
        return [word for word in SEPARATORS.split(value) if word]
    if name in NUMBERS and value.isascii() and value.isdigit():
        return int(value[:12])
    if name == "is_service" and value.lower() in TRUE | FALSE:
        return flag(value)
    if name in LISTS or name == "metadata":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def flag(value: Any) -> bool:
    word = str(value).lower()
    if word not in TRUE | FALSE:
        raise ValueError("use true or false")
    return word in TRUE


def moment_of(value: Any) -> datetime:
    if isinstance(value, str) and MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("use a time with its zone, such as 2030-01-31T12:00:00Z")
