"""`manage.py doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.core.checks import ERROR, CheckMessage, run_checks
from django.core.management.base import BaseCommand

from config.checks import ALWAYS, CONNECTED, DEPLOYED, INSIDE
from config.sealed import signing_key

OWN = "doorward."
LATER = "Run doctor again when the database answers."


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report. `state` is ok, warn or fail."""

    state: str
    check: str
    message: str
    todo: str


class Command(BaseCommand):
    """Prints one line per check. Exits with 1 where one failed."""

    help = "Look at settings, data folder, database and Redis, and say what to do."
    # It must also speak where the checks of Django would stop every other command.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = list(report())
        failed = any(line.state == "fail" for line in lines)
        if options["json"]:
            found = {"ok": not failed, "checks": [asdict(line) for line in lines]}
            self.stdout.write(json.dumps(found))
        else:
            for line in lines:
                self.stdout.write(written(line))
        if failed:
            raise SystemExit(1)


def report() -> Iterator[Line]:
    """Our own checks one by one, then the ones that Django and packages bring."""
    database_answers = True
    for name, check in {**ALWAYS, **DEPLOYED, **CONNECTED}.items():
        found = list(check())
        database_answers = database_answers and not (name == "database" and found)
        yield from _lines(name, found)
    for name, check in {**INSIDE, "signing key": signing_key}.items():
        if database_answers:
            yield from _lines(name, check())
        else:
            yield Line("warn", name, "Not known.", LATER)
    others = [
        message
        for message in run_checks(include_deployment_checks=True)
        if not message.is_silenced() and not str(message.id).startswith(OWN)
    ]
    yield from _lines("django", others)


def _lines(name: str, messages: Iterable[CheckMessage]) -> Iterator[Line]:
    found = list(messages)
    if not found:
        yield Line("ok", name, "", "")
    for message in found:
        state = "fail" if message.level >= ERROR else "warn"
        yield Line(state, name, str(message.msg), str(message.hint or ""))


def written(line: Line) -> str:
    """`warn  mail: Mail goes to the log. -> Set EMAIL_URL.`"""
    text = f"{line.state:<5} {line.check}"
    if line.message:
        text += f": {line.message}"
    return f"{text} -> {line.todo}" if line.todo else text
