"""How a product file is read: a mistake names file, key and expectation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

HOST = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
ORIGIN = re.compile(rf"https?://{HOST}(:[1-9][0-9]{{0,4}})?")


class Table:
    """One TOML table. Each getter takes its key out, `done` refuses what is left."""

    def __init__(self, file: Path, rows: dict[str, Any], *, where: str = "") -> None:
        self.file = file
        self.rows = dict(rows)
        self.where = where

    def wrong(self, key: str, expectation: str) -> ImproperlyConfigured:
        name = f"{self.where}.{key}" if self.where else key
        return ImproperlyConfigured(f"{self.file}: {name}: {expectation}.")

    def take(self, key: str, kind: type, expectation: str) -> Any:
        if key not in self.rows:
            raise self.wrong(key, f"is missing, expected {expectation}")
        value = self.rows.pop(key)
        # TOML's true is a Python int too, so the type is compared exactly.
        if type(value) is not kind:
            raise self.wrong(key, f"expected {expectation}")
        return value

    def text(self, key: str, *, empty: bool = False) -> str:
        value: str = self.take(key, str, "a text")
        if not value and not empty:
            raise self.wrong(key, "must not be empty")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        expectation = "one of " + ", ".join(choices)
        value: str = self.take(key, str, expectation)
        if value not in choices:
            raise self.wrong(key, f"expected {expectation}")
        return value

    def number(self, key: str, *, least: int) -> int:
        expectation = f"a whole number of {least} or more"
        value: int = self.take(key, int, expectation)
        if value < least:
            raise self.wrong(key, f"expected {expectation}")
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        if default is not None and key not in self.rows:
            return default
        value: bool = self.take(key, bool, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values: list[Any] = self.take(key, list, "a list of texts")
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "expected a list of texts")
        return tuple(values)

    def origin(self, key: str) -> str:
        """A public address without path ("https://api.example.com"), or nothing."""
        value = self.text(key, empty=True)
        if value and not ORIGIN.fullmatch(value):
            raise self.wrong(key, 'expected "https://host" without a path, or ""')
        return value

    def table(self, key: str) -> Table:
        rows: dict[str, Any] = self.take(key, dict, "a table")
        where = f"{self.where}.{key}" if self.where else key
        return Table(self.file, rows, where=where)

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The named tables below a key, at least one."""
        outer = self.table(key)
        if not outer.rows:
            raise self.wrong(key, "needs at least one entry")
        for name in list(outer.rows):
            yield name, outer.table(name)

    def done(self) -> None:
        for key in self.rows:
            raise self.wrong(key, "is not known here, remove it")


def read(file: Path) -> Table:
    """The file's outermost table. A file that is no TOML names the line."""
    try:
        return Table(file, tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{file}: is not valid TOML: {error}") from error
    except OSError as error:
        message = f"{file}: cannot be read: {error.strerror}"
        raise ImproperlyConfigured(message) from error
