#!/usr/bin/env python3
"""Finds our keys in files, as `manage.py apikeys scan` and as a hook of git.

It runs by itself, in anybody's repository, with any Python from 3.11 on.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # Run by its path it would find the modules beside it under wrong names.
    _here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [
        os.path.dirname(_here),
        *(path for path in sys.path if os.path.realpath(path) != _here),
    ]

import argparse
import json
from pathlib import Path
from typing import Any

from apikeys import scan_patterns
from apikeys.scanning import PRODUCTS, Report, Unscannable, looks, scan

FOUND, NOTHING, WRONG_USAGE = 1, 0, 2
HELP = "Find our keys and tokens in files, offline. Exit code 1: some were found."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a file, a folder, or - for standard input",
    )
    parser.add_argument(
        "--json", action="store_true", dest="as_json", help="print what was found so"
    )
    parser.add_argument(
        "--patterns",
        nargs="?",
        const="json",
        choices=sorted(scan_patterns.FORMATS),
        help="print the patterns for another scanner instead",
    )
    parser.add_argument(
        "--products",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder with more product files, beside DOORWARD_PRODUCTS_DIR",
    )


def run(options: dict[str, Any]) -> int:
    """Do what the arguments say. The answer is the exit code."""
    named = [os.environ.get("DOORWARD_PRODUCTS_DIR", ""), *options["products"]]
    try:
        known = looks([PRODUCTS, *(Path(folder) for folder in named if folder)])
        if options["patterns"]:
            print(scan_patterns.FORMATS[options["patterns"]](known))
            return NOTHING
        if not options["paths"]:
            raise Unscannable("Name files or folders to look into, or - for stdin.")
        report = scan(options["paths"], known, sys.stdin.buffer)
    except Unscannable as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    _tell(report, as_json=options["as_json"])
    return FOUND if report.found else NOTHING


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
        return
    for each in report.found:
        print(f"{each.path}:{each.line}:{each.column}: {each.hint}")
    for path, why in report.skipped.items():
        print(f"{path}: skipped: {why}", file=sys.stderr)
    if report.found:
        print(
            f"Found {len(report.found)} in {report.files:,} files. "
            "Revoke them, and take them out of the files and of the history.",
            file=sys.stderr,
        )


def main(arguments: list[str]) -> int:
    """Outside Django. The answer is the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows ASCII only is no reason to stop in the middle.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(prog="apikeys scan", description=HELP)
    add_arguments(parser)
    return run(vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
