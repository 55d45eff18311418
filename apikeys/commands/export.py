"""`manage.py apikeys export --organization ORG_ID [--format json|csv]`"""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import OutputWrapper

from apikeys import exporting
from apikeys.commands import chosen, shown
from apikeys.import_files import CSV, FORMS, JSON, Row
from apikeys.import_values import SEPARATORS


class Export:
    """Writes all that another deployment needs to take the keys over."""

    help = "Write an organization's keys for another deployment; no secret is in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_organization(parser)
        parser.add_argument("--format", choices=FORMS, default=JSON)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        rows = exporting.rows(chosen.organization(options))
        write = _as_csv if options["format"] == CSV else _as_json
        write(rows, out)


def _as_json(rows: Iterable[Row], out: OutputWrapper) -> None:
    """One array, a line for each row."""
    out.write("[", ending="")
    for number, row in enumerate(rows):
        out.write(f"{',' if number else ''}\n{shown.as_json(row)}", ending="")
    out.write("\n]")


def _as_csv(rows: Iterable[Row], out: OutputWrapper) -> None:
    table = csv.DictWriter(out, exporting.COLUMNS, lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    """Words of a list are apart by spaces; metadata is JSON."""
    if isinstance(value, list):
        is_plain = not any(SEPARATORS.search(word) for word in value)
        return " ".join(value) if is_plain else shown.as_json(value)
    return shown.as_json(value) if isinstance(value, dict) else value


word = Export()
