"""`manage.py apikeys import FILE|- --organization ORG_ID [--dry-run]`"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from django.core.management.base import CommandError, OutputWrapper

from accounts.audit import OPERATOR
from apikeys import hashes, import_files, importing
from apikeys.commands import chosen, shown
from apikeys.import_files import FORMS, BadFile, Row
from apikeys.import_rows import Reader
from apikeys.importing import Checked, Refused


class Progress(Protocol):
    """A numbered line that says how far the work is."""

    def progress(self, done: int, total: int) -> None: ...


Step = Callable[[str, str], AbstractContextManager[Progress]]


class Import:
    """Takes keys over from another system: whole keys, or their hashes."""

    help = "Take keys over from another system, by their hashes or whole."

    def __init__(self, step: Step) -> None:
        self.step = step

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help='"-": stdin')
        chosen.add_organization(parser)
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument("--format", choices=FORMS, default="")
        parser.add_argument(
            "--hash-format",
            default="",
            metavar="FORMAT",
            help=f"of rows that name none: {', '.join(hashes.FORMATS)}",
        )
        parser.add_argument(
            "--scopes",
            nargs="*",
            default=[],
            metavar="SCOPE",
            help="of rows that name none",
        )
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        reader = Reader(
            chosen.organization(options),
            scopes=" ".join(options["scopes"]),
            format=options["hash_format"],
        )
        try:
            rows = import_files.read(options["file"], options["format"])
            checked = self._checked(rows, reader)
            if not checked.wrong and not options["dry_run"]:
                self._write(checked)
        except BadFile as error:
            raise CommandError(f"{options['file']}: {error}.") from error
        except Refused as error:
            raise CommandError(str(error)) from error
        tell = _as_json if options["json"] else _told
        out.write(tell(checked, is_dry=options["dry_run"]))
        if checked.wrong:
            sys.exit(1)

    def _checked(self, rows: list[Row], reader: Reader) -> Checked:
        with self.step("1/2", f"Check {len(rows):,} rows") as step:
            return importing.check(rows, reader=reader, progress=step.progress)

    def _write(self, checked: Checked) -> None:
        with self.step("2/2", f"Write {len(checked.keys):,} keys") as step:
            importing.write(checked, by=OPERATOR, progress=step.progress)


def _told(checked: Checked, *, is_dry: bool) -> str:
    if checked.wrong:
        more = checked.wrong - len(checked.errors)
        lines = [*checked.errors, *([f"… and {more:,} more."] if more else [])]
        return "\n".join([*lines, f"{checked.wrong:,} rows are wrong. Nothing is new."])
    would = "Would import" if is_dry else "Imported"
    there = f"{checked.already_there:,} rows were there already"
    return f"{would} {len(checked.keys):,} keys; {there}."


def _as_json(checked: Checked, *, is_dry: bool) -> str:
    return shown.as_json(
        {
            "imported": 0 if checked.wrong else len(checked.keys),
            "already_there": checked.already_there,
            "wrong": checked.wrong,
            "errors": checked.errors,
            "dry_run": is_dry,
        }
    )
