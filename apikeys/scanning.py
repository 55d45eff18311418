"""How our credentials are found in files: by prefix and checksum, and by nothing else.

It needs the standard library only, no network, no database and no settings, so that it
runs in anybody's repository.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from accounts import opaque

PRODUCTS = Path(__file__).resolve().parent.parent / "config" / "products"
# Hex characters after the prefix; a test compares them with what makes the secrets.
KEY_LENGTH, SESSION_LENGTH, OAUTH_LENGTH = 48, 104, 72
# Table and entry of a product file, what begins so, and how long it goes on.
ENTRIES = (
    ("keys", "live_prefix", "API key", KEY_LENGTH),
    ("keys", "test_prefix", "sandbox API key", KEY_LENGTH),
    ("sessions", "refresh", "refresh token of a session", SESSION_LENGTH),
    ("oauth", "access_prefix", "OAuth access token", OAUTH_LENGTH),
    ("oauth", "refresh_prefix", "OAuth refresh token", OAUTH_LENGTH),
    ("oauth", "secret_prefix", "OAuth client secret", OAUTH_LENGTH),
)
# Every prefix ends so. Looking for one character and hex is the fastest first step.
BEGINNING = re.compile(rb"_[0-9a-f]{%d}" % KEY_LENGTH)
BLOCK_BYTES = 1024 * 1024
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Git's own store is compressed: nothing can be read there.
LEFT_OUT = frozenset({".git"})


class Unscannable(Exception):
    """A wish that cannot be met: the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one kind of credential of one product looks like."""

    product: str
    kind: str
    prefix: str
    length: int

    @property
    def name(self) -> str:
        return f"{self.product} {self.kind}"

    def at(self, data: bytes, end_of_prefix: int) -> str | None:
        """The credential that stands there, with a right checksum."""
        if not data.endswith(self.prefix.encode(), 0, end_of_prefix):
            return None
        begin = end_of_prefix - len(self.prefix)
        text = data[begin : end_of_prefix + self.length].decode("ascii", "replace")
        is_whole = opaque.well_formed(text, prefix=self.prefix, length=self.length)
        return text if is_whole else None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a credential stands; it is told by its hint and never in full. `column`
    counts bytes. Both begin at 1."""

    path: str
    line: int
    column: int
    hint: str
    product: str
    kind: str


@dataclass
class Report:
    """What a scan met. `skipped`: path -> why."""

    files: int = 0
    found: list[Found] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = [asdict(each) for each in self.found]
        return {"files": self.files, "found": found, "skipped": self.skipped}


def looks(folders: Iterable[Path]) -> list[Look]:
    """Of every product. A later folder's file replaces the same slug. Raises
    Unscannable."""
    products: dict[str, list[Look]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise Unscannable(f"{folder} is not a folder with product files.")
        for file in sorted(folder.glob("*.toml")):
            slug, found = _product(file)
            products[slug] = found
    return [look for found in products.values() for look in found]


def _product(file: Path) -> tuple[str, list[Look]]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        found = [
            Look(str(table["name"]), kind, str(table[part][entry]), length)
            for part, entry, kind, length in ENTRIES
        ]
        # "jwt" stands in place of a prefix.
        return str(table["slug"]), [each for each in found if each.prefix[-1:] == "_"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unscannable(f"{file} cannot be read as a product file.") from error


def scan(paths: Iterable[str], known: list[Look], stdin: BinaryIO) -> Report:
    """Look into files, folders and (as "-") standard input. Raises Unscannable where
    there is no such path."""
    wanted = list(paths)
    for path in wanted:
        if path != "-" and not os.path.lexists(path):
            raise Unscannable(f"{shown(path)}: there is no such file or folder.")
    report = Report()
    for path in wanted:
        if path == "-":
            report.files += 1
            report.found += found_in(stdin, known, path=path)
        else:
            for file in _files(path, report):
                _look_into(file, known, report)
    return report


def _look_into(path: str, known: list[Look], report: Report) -> None:
    try:
        # A pipe would wait for a writer; the flag makes opening one harmless.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                report.skipped[shown(path)] = "not a regular file"
                return
            report.found += found_in(stream, known, path=shown(path))
            report.files += 1
    except OSError as error:
        report.skipped[shown(path)] = error.strerror or "it cannot be read"


def _files(path: str, report: Report) -> Iterator[str]:
    """The file, or those in and below the folder. A link is followed where it was
    named, and nowhere below."""
    if not os.path.isdir(path):
        yield path
        return
    waiting = [path]
    while waiting:
        for entry in _entries(waiting.pop(), report):
            if entry.is_dir(follow_symlinks=False):
                waiting += [] if entry.name in LEFT_OUT else [entry.path]
            elif not entry.is_symlink():
                yield entry.path


def _entries(folder: str, report: Report) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        report.skipped[shown(folder)] = error.strerror or "it cannot be read"
        return []


def found_in(stream: BinaryIO, known: list[Look], *, path: str) -> Iterator[Found]:
    """Whatever stands in a stream of bytes, read a block at a time."""
    longest = max((len(look.prefix) + look.length for look in known), default=1)
    place, kept = _Place(), b""
    for block in _blocks(stream):
        data = kept + block
        for begin, text, look in _credentials(data, known):
            # What ends in the kept part was told with the block before.
            if begin + len(text) > len(kept):
                line, column = place.of(data, begin)
                hint = opaque.hint(text, prefix=look.prefix)
                yield Found(path, line, column, hint, look.product, look.kind)
        # A credential may stand across two blocks.
        start = max(0, len(data) - longest + 1)
        place.move(data, start)
        kept = data[start:]


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """A text in UTF-16 without the NUL that stands beside each character of ours."""
    block = stream.read(BLOCK_BYTES)
    is_wide = block.startswith(UTF_16_MARKS)
    while block:
        yield block.replace(b"\0", b"") if is_wide else block
        block = stream.read(BLOCK_BYTES)


def _credentials(data: bytes, known: list[Look]) -> Iterator[tuple[int, str, Look]]:
    for match in BEGINNING.finditer(data):
        end_of_prefix = match.start() + 1
        for look in known:
            text = look.at(data, end_of_prefix)
            if text is not None:
                yield end_of_prefix - len(look.prefix), text, look


class _Place:
    """Lines and columns, counted along the way."""

    def __init__(self) -> None:
        self.line = 1
        # Where this line begins and up to where lines are counted, from the data on.
        self.begins = 0
        self.counted = 0

    def of(self, data: bytes, at: int) -> tuple[int, int]:
        if at > self.counted:
            lines = data.count(b"\n", self.counted, at)
            if lines:
                self.line += lines
                self.begins = data.rfind(b"\n", self.counted, at) + 1
            self.counted = at
        return self.line, at - self.begins + 1

    def move(self, data: bytes, start: int) -> None:
        """The next data begins at `start` of this one."""
        self.of(data, start)
        self.begins -= start
        self.counted -= start


def shown(path: str) -> str:
    """A name in one line, whatever bytes it is made of."""
    readable = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in readable
    )
