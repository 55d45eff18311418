"""How a JSON body is read: strictly, so that what we store is what the caller meant."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

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
NO_TEXT = "NUL and lone surrogates are not accepted in text."


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands in a parsed body where something was found that is not accepted."""

    why: str


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
        _check_charset(media_type or "")
        body = _read(stream, context)
        return loads(body) if body else {}


def loads(body: bytes) -> dict[str, Any]:
    """The object in a JSON text. Raises Problem, which names the member if it can."""
    try:
        parsed = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise _refusal("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refusal(f"The body is not valid JSON: look at {place}.") from error
    except RecursionError as error:
        raise _refusal(_too_deep()) from error
    for path, why in _faults(parsed):
        raise _refusal(why, field=path)
    if not isinstance(parsed, dict):
        raise _refusal("The body must be one JSON object: {…}.")
    return parsed


def _read(stream: IO[Any], context: Mapping[str, Any]) -> bytes:
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


def _check_charset(media_type: str) -> None:
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
            return Refused(f"The member {shown(name)} appears more than once.")
        names.add(name)
    raise AssertionError("a repeated name is among the pairs")


def _integer(text: str) -> int | Refused:
    if len(text.lstrip("-")) > MOST_DIGITS:
        return Refused(f"Use a number of at most {MOST_DIGITS} digits.")
    return int(text)


def _number(text: str) -> float | Refused:
    number = float(text)
    return number if math.isfinite(number) else Refused("The number is too large.")


def _constant(text: str) -> Refused:
    return Refused("NaN and Infinity are not JSON. Use a number or null.")


def _faults(parsed: Any) -> Iterator[tuple[str, str]]:
    """What is wrong inside, each with its path. A stack instead of recursion."""
    waiting: list[tuple[Steps, Any, int]] = [(None, parsed, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, Refused):
            yield _written(path), value.why
        elif isinstance(value, str):
            if not _is_text(value):
                yield _written(path), NO_TEXT
        elif isinstance(value, dict | list):
            if depth > DEEPEST:
                yield _written(path), _too_deep()
            waiting += [(step, part, depth + 1) for step, part in _parts(path, value)]


def _parts(path: Steps, value: dict[str, Any] | list[Any]) -> Iterator[Part]:
    """Every member and every name of an object, or every item, the last one first."""
    if isinstance(value, list):
        for index in range(len(value) - 1, -1, -1):
            yield (path, index), value[index]
        return
    for name in reversed(value):
        yield (path, name), value[name]
        yield path, name


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
