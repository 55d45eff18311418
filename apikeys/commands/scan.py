"""`manage.py apikeys scan`: the same as the script beside it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from apikeys import scan


class Scan:
    """Finds keys in files."""

    help = scan.HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        scan.add_arguments(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        sys.exit(scan.run(options))


word = Scan()
