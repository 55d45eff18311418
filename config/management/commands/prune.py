"""`manage.py prune [--dry-run] [--json]`"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config import pruning
from config.steps import Step


class Command(BaseCommand):
    """Everything that is over at once, where the server takes a slice each minute."""

    help = "Delete rows that nobody can use any more, and say how many of each."
    # They load every page, which takes longer than an hour's rows.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count them")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ctrl-C ends it after the last whole slice; what went is told all the same."""
        waiting = pruning.waiting()
        if options["dry_run"]:
            return self._tell("would be deleted", waiting, **options)
        deleted = dict.fromkeys(waiting, 0)
        try:
            with Step("1/1", "pruning") as step:
                for name, count in pruning.prune():
                    deleted[name] += count
                    step.progress(sum(deleted.values()), sum(waiting.values()))
        finally:
            self._tell("deleted", deleted, **options)

    def _tell(self, what: str, counts: dict[str, int], **options: Any) -> None:
        if options["json"]:
            counted = {"dry_run": options["dry_run"], "rows": counts}
            self.stdout.write(json.dumps(counted))
            return
        for name, count in counts.items():
            self.stdout.write(f"{count:>12,}  {name} {what}")
