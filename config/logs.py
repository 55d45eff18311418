"""How a log line looks: one line, UTC, the request's id, and never a secret."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from accounts.redaction import REDACTED, names_secret, redact

request_id: ContextVar[str] = ContextVar("request_id", default="")

# What every record has anyway, and the request object that Django adds.
USUAL = {*vars(logging.makeLogRecord({})), "asctime", "message", "taskName", "request"}
DEEPEST = 4
LOGGERS = {
    # Django would warn once per 4xx; the door writes one line per request instead.
    "django.request": {"level": "ERROR"},
    "django.security.DisallowedHost": {"level": "CRITICAL"},
    # Anybody can send too much; the door's line says so.
    "django.security.RequestDataTooBig": {"level": "CRITICAL"},
    "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
    # It writes codes and tokens into its debug lines.
    "oauthlib": {"level": "WARNING"},
}


def configuration(level: str, *, form: str) -> dict[str, Any]:
    """The LOGGING setting: to stderr, from this level on, as "json" or "text"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "config.logs.JSONFormatter"},
            "text": {"()": "config.logs.TextFormatter"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": LOGGERS,
    }


class JSONFormatter(logging.Formatter):
    """One JSON object a line, for machines. Only printable ASCII stays unescaped."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(_message(record)),
        }
        if request_id.get():
            entry["request_id"] = request_id.get()
        for name, value in _extras(record):
            entry.setdefault(name, value)
        if trouble := _trouble(self, record):
            entry["exception"] = redact(trouble)
        return json.dumps(entry)


class TextFormatter(logging.Formatter):
    """One line for a person at a terminal; a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [_time(record)[11:23], f"{record.levelname:<7}", record.name]
        parts.append(escaped(redact(_message(record))))
        parts += [f"{name}={escaped(str(value))}" for name, value in _extras(record)]
        if request_id.get():
            parts.append(f"[{request_id.get()}]")
        lines = redact(_trouble(self, record)).splitlines()
        # Indented, so that no text inside an exception can pass for a line of the log.
        return "\n".join([" ".join(parts), *(f"    {escaped(line)}" for line in lines)])


def escaped(text: str) -> str:
    """Printable text: a line break becomes \\n, an escape sequence \\x1b and so on."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in text
    )


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # The logging module would print the arguments beside the complaint, unredacted.
        return f"{record.msg} (its arguments do not fit)"


def _extras(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    for name, value in vars(record).items():
        if name not in USUAL:
            yield name, _clean(name, value, DEEPEST)


def _clean(name: str, value: Any, depth: int) -> Any:
    if names_secret(name):
        return REDACTED
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, dict) and depth:
        return {
            redact(str(key)): _clean(str(key), inner, depth - 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset) and depth:
        # The second of a pair may belong to its first, as in a list of headers.
        names = ("", *(str(inner) for inner in value)) if len(value) == 2 else ()
        return [
            _clean(name, inner, depth - 1)
            for name, inner in zip_longest(names[:2], value, fillvalue="")
        ]
    return redact(str(value))


def _trouble(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)
