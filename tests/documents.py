"""The code blocks of README.md and docs/*.md, and how their output is compared.

After the three backquotes stands the language, then a name: a block of text or JSON
shows what the bash block of the same name printed. A name with a slash is a file that
the block repeats.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.running import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASSIGNMENT = re.compile(r"^(?:export )?([A-Z_]+)=.*$", re.MULTILINE)
# NAME=…  # a remark: what the reader puts in.
PLACEHOLDER = re.compile(r"^([A-Z_]+)=(\S*…)(?:  #.*)?$", re.MULTILINE)
# What differs from run to run, and what stands for it when two texts are compared.
MASKS = [
    (r"http://localhost:\d+", "http://localhost:8000"),
    (r"\b(nr|cpf)_(live|test|oat|ort|ocs)_[\w…]+", r"\1_\2_…"),
    (r"\b(usr|org|key|scan|ws|ses|mem|req|app|grt|tok)_[0-9a-z…]+", r"\1_…"),
    (r"\boauth_(code|device)_[\w…]+", r"oauth_\1_…"),
    (r"\b[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}\b", "WDJB-MJHT"),
    (r"(Password +|\"password\": \")[\w…-]+", r"\1…"),
    (r"database \S+", "database …"),
    (r" +\d+\.\d+ s\b", " 0.0 s"),
    (r"\b\d+ (locked packages|passed)\b", r"0 \1"),
    (r"\b\d+(\.\d+)+\b", "0.0"),
    (r"(?i)^(x-ratelimit-(?:remaining|reset)): \d+", r"\1: 0"),
    (r";(r|t)=\d+", r";\1=0"),
    (r" +$", ""),
]
# In Unix seconds: no other number that we show is so large.
SOME_TIME = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """One code block and where it stands."""

    file: Path
    line: int
    language: str
    name: str
    text: str

    def __str__(self) -> str:
        label = f" {self.name}" if self.name else ""
        return f"{self.file.name}:{self.line} {self.language}{label}"


@cache
def blocks(file: Path) -> tuple[Block, ...]:
    text = file.read_text(encoding="utf-8")
    found = tuple(
        Block(
            file,
            text.count("\n", 0, match.start()) + 1,
            match[1],
            match[2] or "",
            match[3],
        )
        for match in FENCE.finditer(text)
    )
    assert text.count("\n```") + text.startswith("```") == 2 * len(found), file
    return found


def all_blocks(*languages: str) -> list[Block]:
    found = [block for file in DOCUMENTS for block in blocks(file)]
    return [block for block in found if not languages or block.language in languages]


def named(file: Path, name: str, language: str = "bash") -> Block:
    found = (block for block in blocks(file) if block.name == name)
    return next(block for block in found if block.language == language)


class Reader:
    """Somebody who runs the bash blocks of a document from top to bottom.

    Variables that a block sets are there in the next ones, as in one terminal. An
    address that a block prints is opened in the browser: `visit` says where that ends.
    """

    def __init__(
        self,
        url: str,
        given: dict[str, str],
        *,
        environment: dict[str, str],
        visit: Callable[[str], str],
    ) -> None:
        self.url = url
        self.given = dict(given)
        self.environment = environment
        self.visit = visit
        self.assignments: list[str] = []
        self.printed = ""
        self.last: dict[str, Any] = {}

    def run(self, block: Block) -> str:
        """What the block prints. Fails where it fails."""
        text = self.own(block.text)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join([*self.assignments, text])],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        self.assignments += [found[0] for found in ASSIGNMENT.finditer(text)]
        self.printed = done.stdout
        if done.stdout.startswith("http"):
            self.printed = self.visit(done.stdout.strip())
        elif done.stdout.startswith("{"):
            self.last = json.loads(done.stdout)
        return done.stdout

    def own(self, text: str) -> str:
        """The block with the reader's own values, and this server's address."""
        text = PLACEHOLDER.sub(self._assigned, text)
        return text.replace("http://localhost:8000", self.url)

    def _assigned(self, match: re.Match[str]) -> str:
        """KEY_ID=key_… is what was printed last and begins so. In JSON it is "key_id",
        or else "id", or else what begins so."""
        name, begins = match[1], match[2].rstrip("…")
        value = self.given.get(name) or self._read(begins)
        value = value or self._told(name.lower(), begins)
        assert value.startswith(begins), f"{name} is {value}"
        return f"{name}='{value}'"

    def _read(self, begins: str) -> str:
        """A word of the last text. JSON is no text."""
        is_text = begins and not self.printed.startswith("{")
        found = re.search(rf"\b{begins}\w+", self.printed) if is_text else None
        return found[0] if found else ""

    def _told(self, name: str, begins: str) -> str:
        answer = self.last["data"][0] if self.last.get("data") else self.last
        named = [answer.get(name), answer.get(name.rpartition("_")[2])]
        values = [str(value) for value in [*named, *answer.values()] if value]
        fitting = (value for value in values if value.startswith(begins))
        return next(fitting, "nothing of the last answer")


def masked(text: str) -> str:
    """The text without what differs from run to run."""
    lines = []
    for line in text.strip("\n").splitlines():
        for pattern, stand_in in MASKS:
            line = re.sub(pattern, stand_in, line)
        lines.append(line)
    return "\n".join(lines)


def missing_lines(shown: str, real: str) -> list[str]:
    """Lines that are shown and do not come in the real text, in this order.

    Without a line of its own that says `…`, nothing may be left out either.
    """
    expected, found = masked(shown).splitlines(), masked(real).splitlines()
    if "…" not in expected:
        return [] if expected == found else [masked(real)]
    missing, place = [], 0
    for line in expected:
        if line in found[place:]:
            place = found.index(line, place) + 1
        elif line != "…":
            missing.append(line)
    return missing


def same_shape(shown: Any, real: Any, at: str = "") -> list[str]:
    """Where two JSON values differ in members or kinds; lists by their first entry."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if list(shown) != list(real):
            return [f"{at or 'it'} has {list(real)}, shown are {list(shown)}"]
        return [
            error
            for name in shown
            for error in same_shape(shown[name], real[name], f"{at}.{name}")
        ]
    if isinstance(shown, list) and isinstance(real, list):
        return same_shape(shown[0], real[0], f"{at}[0]") if shown and real else []
    same = masked(str(shown)) == masked(str(real)) or _varies(shown, real)
    return [] if same else [f"{at} is {real!r}, shown is {shown!r}"]


def _varies(shown: Any, real: Any) -> bool:
    """Times and what ends with `…` may differ in what they say, not in their kind."""
    if isinstance(shown, int) and isinstance(real, int):
        return min(shown, real) > SOME_TIME
    if not isinstance(shown, str) or not isinstance(real, str):
        return False
    time = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
    if re.fullmatch(time, shown):
        return bool(re.fullmatch(time, real))
    return shown.endswith("…") and real.startswith(shown[:-1])


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """A terminal in which `python3` is the one that runs the tests."""
    folder = Path(sys.executable).parent
    return {**settings, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
