"""The samples of the two guides, taken out of the guides' own files.

The files lie beside the project (`../shared/guides`) or where DOORWARD_GUIDES says.
Their text is not part of this repository; where they are absent, so are their tests.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import ROOT

FILES = {
    "netrecon": "netrecon-authentication.txt",
    "netallion": "netallion-authentication-guide.txt",
}
REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S+)")
REQUEST_IN_WORDS = re.compile(r".*?\b(POST) (/\S+) with (\{.*\})")
REFRESH_IN_WORDS = re.compile(r".*?\bPOST https://[^/]+(/\S+) with grant_type=(\w+)")
AUTHORIZE = re.compile(
    r".*?\b(?:GET |Authorization: )((?:https?://[^/]+)?/\S+/authorize\?.*)"
)
HEADER = re.compile(r"(Authorization|X-API-Key): \S.*")
HEADER_LINE = re.compile(r"[\w-]+: \S.*")
REMARK = re.compile(r" *// optional.*")
# What a reader puts in, and how the guides write it.
PLACES = {
    "url": r"https://(?:api|app)\.netallion\.ai",
    "email": r'(?<="email": ")[^"]*',
    "password": r'(?<="password": ")[^"]*',
    "totp_code": r'(?<="totp_code": ")[^"]*',
    "refresh_token": r'(?<="refresh_token": ")[^"]*',
    "workspace_id": r"ws_\.\.\.",
    "key_id": r"\{key_id\}",
    "key": r"cpf_live_abc123\.\.\.|nr_live_[0-9a-f]{48}",
    "access_token": r"eyJ\w*\.\.\.",
    "client_id": r"YOUR_CLIENT_ID|your_client_id|(?<=client_id=)\.\.\.",
    "client_secret": r"YOUR_CLIENT_SECRET|your_client_secret",
    "code": r"AUTH_CODE|auth_code_from_redirect",
    "redirect_uri": r"(?<=redirect_uri=)\.\.\.",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample as its guide prints it, and the line where it begins."""

    guide: str
    kind: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.guide}:{self.line}"

    @property
    def is_about_oauth(self) -> bool:
        return "oauth" in self.text or "cpf_oat_" in self.text

    def filled(self, values: dict[str, str]) -> str:
        """The sample with a reader's own values, and not another character changed."""
        text = REMARK.sub("", self.text)
        for name, place in PLACES.items():
            if re.search(place, text):
                text = re.sub(place, values[name].replace("\\", r"\\"), text)
        assert "..." not in text, f"{self}: a placeholder is left in {text}"
        return text


def folder() -> Path | None:
    """Where the guides lie, or None."""
    named = os.environ.get("DOORWARD_GUIDES")
    found = Path(named) if named else ROOT.parent / "shared" / "guides"
    return found if all((found / file).is_file() for file in FILES.values()) else None


FOLDER = folder()


def with_guides(test: Callable[..., None]) -> Callable[..., None] | None:
    """For a test that reads the guides: where they are absent there is no such test."""
    return test if FOLDER else None


def lines(guide: str) -> list[str]:
    assert FOLDER is not None
    return (FOLDER / FILES[guide]).read_text(encoding="utf-8").splitlines()


def samples(kind: str) -> list[Sample]:
    """Every sample of a kind, in both guides, but those about OAuth.

    Kinds: "curl", "http" (a raw request), "header", "answer" (JSON), "python",
    "typescript".
    """
    return [sample for sample in _all(kind) if not sample.is_about_oauth]


def oauth_samples(kind: str) -> list[Sample]:
    """Those about OAuth. Two kinds more: "authorize" (an address) and "refresh" (a
    sentence)."""
    return [sample for sample in _all(kind) if sample.is_about_oauth]


def _all(kind: str) -> list[Sample]:
    if FOLDER is None:
        return []
    found = [sample for guide in FILES for sample in _samples(guide, lines(guide))]
    return [sample for sample in found if sample.kind == kind]


def _samples(guide: str, text: list[str]) -> Iterator[Sample]:
    place = 0
    while place < len(text):
        kind, length = _kind_and_length(text[place:])
        if kind:
            body = "\n".join(text[place : place + length])
            yield Sample(guide, kind, place + 1, body)
        place += length


def _kind_and_length(text: list[str]) -> tuple[str, int]:
    """What begins with the first line, and how many lines it takes."""
    first = text[0]
    if first.startswith("curl "):
        return "curl", _until(text, _is_whole_command)
    if first == "{":
        return "answer", _until(text, _is_json)
    if AUTHORIZE.fullmatch(first):
        return "authorize", _until(text, lambda so_far: so_far[-1] not in "?&")
    if REFRESH_IN_WORDS.fullmatch(first):
        return "refresh", 1
    if REQUEST.fullmatch(first) or REQUEST_IN_WORDS.fullmatch(first):
        return "http", _length_of_request(text)
    if HEADER.fullmatch(first):
        return "header", 1
    if first == "import httpx":
        return "python", _until(text, lambda so_far: so_far.endswith('started")'))
    if first.startswith("const API_BASE"):
        return "typescript", _until(text, lambda so_far: so_far.endswith("started`);"))
    return "", 1


def _until(text: list[str], is_whole: Callable[[str], bool]) -> int:
    for length in range(1, len(text) + 1):
        if is_whole("\n".join(text[:length])):
            return length
    raise AssertionError(f"This sample has no end: {text[0]}")


def _is_whole_command(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return False
    return not text.endswith("\\")


def _is_json(text: str) -> bool:
    try:
        json.loads(re.sub(REMARK, "", text))
    except ValueError:
        return False
    return True


def _length_of_request(text: list[str]) -> int:
    """The line with the method, headers, and a body where there is one."""
    length = 1
    while length < len(text) and HEADER_LINE.fullmatch(text[length]):
        length += 1
    following = text[length] if length < len(text) else ""
    if following == "{":
        length += _until(text[length:], _is_json)
    elif following.endswith("&"):
        length += _until(text[length:], lambda so_far: so_far[-1] != "&")
    return length


@dataclass(frozen=True, slots=True)
class Request:
    """A raw request of a guide, read."""

    method: str
    path: str
    headers: dict[str, str]
    content: str


def read(text: str) -> Request:
    """Read the text of an "http" sample, or of a sentence "POST /path with {json}"."""
    if in_words := REQUEST_IN_WORDS.fullmatch(text):
        method, path, content = in_words.groups()
        return Request(method, path, {"Content-Type": "application/json"}, content)
    first, *rest = text.splitlines()
    method, path = first.split()
    heading = [line for line in rest if HEADER_LINE.fullmatch(line)]
    headers = dict(line.split(": ", 1) for line in heading)
    return Request(method, path, headers, "".join(rest[len(heading) :]))


def address(text: str) -> str:
    """Where an "authorize" sample sends the browser."""
    found = AUTHORIZE.fullmatch(text.replace("\n", ""))
    assert found is not None, text
    return found[1]


def refreshing(sample: Sample) -> tuple[str, str]:
    """The path and the grant type of a "refresh" sample."""
    found = REFRESH_IN_WORDS.fullmatch(sample.text)
    assert found is not None, sample
    return found[1], found[2]


def answer(sample: Sample) -> Any:
    """The JSON of an "answer" sample."""
    return json.loads(sample.text)


def differences(shown: Any, real: Any, at: str = "the answer") -> list[str]:
    """Where a real answer differs from the one shown, apart from its `...`."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if shown.keys() != real.keys():
            return [f"{at} has {sorted(real)}, shown are {sorted(shown)}"]
        return [
            error
            for name in shown
            for error in differences(shown[name], real[name], f"{at}.{name}")
        ]
    if isinstance(shown, str) and shown.endswith("..."):
        fits = isinstance(real, str) and real.startswith(shown[:-3])
        return [] if fits else [f"{at} does not begin with {shown[:-3]}"]
    return [] if shown == real else [f"{at} is {real!r}, shown is {shown!r}"]
