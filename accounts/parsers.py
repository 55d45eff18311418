"""How a JSON body is read: strictly, so that what we store is what the caller meant."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from accounts.problems import Problem
from accounts.redaction import shown

MOST_BYTES = 64 * 1024
DEEPEST = 32
MOST_DIGITS = 19
UTF_8 = ("utf-8", "utf8")
# The step into a value and the path before it: written out only where a fault is found.
Steps = tuple["Steps", str | int] | None
Part = tuple[Steps, Any]
Container = TypeVar("Container", dict[str, Any], list[Any])
PLAIN = frozenset({int, float, bool, type(None)})
# Only such a number can be too large; without one Python reads numbers by itself.
UNUSUAL_NUMBER = re.compile(rb"[0-9]{20}|[0-9][eE]")
NO_TEXT = "NUL and lone surrogates are not accepted in text."


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands in a parsed body where something is not accepted, in its member `name`."""

    why: str
    name: str = ""


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 defines it, without what parsers disagree about.

    A view with `max_body_bytes` takes longer bodies. It reads the stream itself,
    because REST framework would first load the whole body for its own JSON parser.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The object that was sent; an empty body is {}. Raises Problem."""
        context = parser_context or {}
        check_charset(media_type or "")
        body = read(stream, context)
        return loads(body) if body else {}


def loads(body: bytes) -> dict[str, Any]:
    """The object in a JSON text. Raises Problem, which names the member if it can."""
    parsed = _parsed(body)
    if not isinstance(parsed, dict):
        raise _refusal("The body must be one JSON object: {…}.")
    return _faultless(parsed)


def loads_list(body: bytes) -> list[Any]:
    """The same for an array."""
    parsed = _parsed(body)
    if not isinstance(parsed, list):
        raise _refusal("The body must be one JSON array: […].")
    return _faultless(parsed)


def _parsed(body: bytes) -> Any:
    try:
        parsed = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            **(NUMBERS if UNUSUAL_NUMBER.search(body) else {}),
        )
    except UnicodeDecodeError as error:
        raise _refusal("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refusal(f"The body is not valid JSON: look at {place}.") from error
    except RecursionError as error:
        raise _refusal(_too_deep()) from error
    if isinstance(parsed, Refused):
        raise _refusal(parsed.why, field=parsed.name and shown(parsed.name))
    return parsed


def _faultless(parsed: Container) -> Container:
    for path, why in _faults(parsed):
        raise _refusal(why, field=path)
    return parsed


def read(stream: IO[Any], context: Mapping[str, Any]) -> bytes:
    """The bytes of a body, no more than its view takes. Raises Problem."""
    most: int = getattr(context.get("view"), "max_body_bytes", MOST_BYTES)
    body: bytes = b""
    if _announced(context) <= most:
        body = stream.read(most + 1)
    if _announced(context) > most or len(body) > most:
        raise Problem("payload_too_large", f"Send at most {most:,} bytes at once.")
    return body


def _announced(context: Mapping[str, Any]) -> int:
    request = context.get("request")
    length = str(request.META.get("CONTENT_LENGTH", "")) if request else ""
    return int(length) if length.isascii() and length.isdigit() else 0


def check_charset(media_type: str) -> None:
    charset = parse_header_parameters(media_type)[1].get("charset", UTF_8[0])
    if charset.strip("\"' ").lower() not in UTF_8:
        raise Problem("unsupported_media_type", "Send the JSON body in UTF-8.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Refused:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    names: set[str] = set()
    for name, _value in pairs:
        if name in names:
            return Refused("It appears more than once.", name)
        names.add(name)
    raise AssertionError("a repeated name is among the pairs")


def _integer(text: str) -> int | Refused:
    if len(text.lstrip("-")) > MOST_DIGITS:
        return Refused(f"Use a number of at most {MOST_DIGITS} digits.")
    return int(text)


def _number(text: str) -> float | Refused:
    number = float(text)
    return number if math.isfinite(number) else Refused("The number is too large.")


NUMBERS: dict[str, Any] = {"parse_int": _integer, "parse_float": _number}


def _constant(text: str) -> Refused:
    return Refused("NaN and Infinity are not JSON. Use a number or null.")


def _faults(parsed: dict[str, Any] | list[Any]) -> Iterator[tuple[str, str]]:
    """What is wrong inside, each with its path. A stack instead of recursion."""
    waiting: list[tuple[Steps, Any, int]] = [(None, parsed, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        for step, part in _parts(path, value):
            why = _fault(part, depth + 1)
            if why:
                inner = part.name if isinstance(part, Refused) else ""
                yield _written((step, inner) if inner else step), why
            elif part and not isinstance(part, str):
                waiting.append((step, part, depth + 1))


def _parts(path: Steps, value: dict[str, Any] | list[Any]) -> Iterator[Part]:
    """Every name and member of an object, or every item, but for plain numbers."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield path, name
            if type(member) not in PLAIN:
                yield (path, name), member
        return
    for index, item in enumerate(value):
        if type(item) not in PLAIN:
            yield (path, index), item


def _fault(part: Any, depth: int) -> str:
    if isinstance(part, str):
        return "" if _is_text(part) else NO_TEXT
    if isinstance(part, Refused):
        return part.why
    return _too_deep() if depth > DEEPEST else ""


def _written(path: Steps) -> str:
    """`limits.burst`, `scopes[2]`"""
    steps = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{shown(step)}")
    return "".join(reversed(steps)).lstrip(".")


def _is_text(value: str) -> bool:
    if value.isascii():
        return "\0" not in value
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _too_deep() -> str:
    return f"The body is nested deeper than {DEEPEST} levels."


def _refusal(why: str, *, field: str = "") -> Problem:
    if not field:
        return Problem("invalid_request", why)
    field = field[:120]
    return Problem(
        "invalid_request",
        f"{field}: {why}",
        errors=[{"field": field, "detail": why}],
    )
