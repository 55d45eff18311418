"""The files that keys are imported from: CSV with a line of names, or a JSON array."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

CSV, JSON = "csv", "json"
FORMS = (CSV, JSON)
STDIN = "-"
# As other systems name their columns.
ALIASES = {
    "hashed_key": "hash",
    "digest": "hash",
    "expiry": "expires_at",
    "expiry_date": "expires_at",
    "token_key": "prefix",
    "created": "created_at",
}
# Of a row, without what says who holds it in the other system.
UNREAD = frozenset({"user", "user_id"})
Row = dict[str, Any]


class BadFile(ValueError):
    """The file cannot be read as what it should be. Never repeats what is in it."""


def read(name: str, form: str = "") -> list[Row]:
    """The rows of a file, or of stdin ("-"). `form` is "csv" or "json"; empty: told by
    the name, else by the first character. Raises BadFile."""
    text = _text(name)
    if not form:
        form = _form(name, text)
    return [_named(row) for row in (_csv(text) if form == CSV else _json(text))]


def _text(name: str) -> str:
    try:
        found = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        # Spreadsheets put a mark before the first name.
        return found.decode("utf-8-sig")
    except OSError as error:
        raise BadFile(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"byte {error.start} is no UTF-8") from error


def _form(name: str, text: str) -> str:
    ending = Path(name).suffix.lower().lstrip(".")
    if ending in FORMS:
        return ending
    return JSON if text.lstrip()[:1] in ("[", "{") else CSV


def _csv(text: str) -> list[Row]:
    # A salted hash is the longest field, metadata the largest.
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        rows: list[Row] = list(reader)
    except csv.Error as error:
        raise BadFile(f"line {reader.line_num} is no CSV: {error}") from error
    if not names or len(set(names)) < len(names):
        raise BadFile("its first line has to name each column, each name once")
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise BadFile(f"row {number} has not as many fields as the first line")
    return rows


def _json(text: str) -> list[Row]:
    try:
        found = json.loads(text)
    except ValueError as error:
        # Its message tells the place, and nothing of what stands there.
        raise BadFile(f"it is no JSON: {error}") from None
    except RecursionError:
        raise BadFile("it is no JSON of rows") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise BadFile("it has to be a JSON array of objects, one for each key")
    return found


def _named(row: Row) -> Row:
    """By our names, without what is empty. `limits` may be an object."""
    own = row.get("limits")
    if isinstance(own, dict):
        row = {**{name: row[name] for name in row if name != "limits"}, **own}
    filled = {name: value for name, value in row.items() if value not in (None, "")}
    renamed = {ALIASES.get(name, name): filled[name] for name in filled}
    return {name: renamed[name] for name in renamed if name not in UNREAD}
