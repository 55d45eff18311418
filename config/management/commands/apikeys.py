"""`manage.py apikeys WORD …`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Protocol

from django.core.management.base import BaseCommand, OutputWrapper

from apikeys.commands import (
    create,
    export,
    github_keys,
    import_,
    list_,
    revoke,
    rotate,
    scan,
    service,
    show,
    verify,
)
from config.steps import Step


class Word(Protocol):
    """One of the command's words."""

    help: str

    def add_arguments(self, parser: ArgumentParser) -> None: ...

    def run(self, out: OutputWrapper, **options: Any) -> None:
        """Raises CommandError; sys.exit for an exit code that means something."""


WORDS: dict[str, Word] = {
    "create": create.word,
    "list": list_.word,
    "show": show.word,
    "rotate": rotate.word,
    "revoke": revoke.word,
    "service": service.word,
    "verify": verify.word,
    "import": import_.Import(Step),
    "export": export.word,
    "scan": scan.word,
    "github-keys": github_keys.word,
}


class Command(BaseCommand):
    """Keys from the command line: secrets come by stdin, never as an argument."""

    help = "Make, look at, end, move and find API keys."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
        for name, word in WORDS.items():
            word.add_arguments(words.add_parser(name, help=word.help))

    def handle(self, *args: Any, **options: Any) -> None:
        WORDS[options["word"]].run(self.stdout, **options)
