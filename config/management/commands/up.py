"""`manage.py up`: the database, demo accounts and the server, and what to try first."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.products import products
from config import datafolder, demo, launch, screen, serving
from config.steps import WRONG_SETTING, Step, Stop, say


class Command(BaseCommand):
    """The half of `up` that needs the settings; config/launch.py holds the other."""

    help = "Run a demo of Doorward here: data, sign-in, keys, server."
    # Every start would pay for them; `check` and the tests run them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        launch.up_options(parser)

    def handle(self, *args: Any, port: int, as_json: bool, **options: Any) -> None:
        """Ends with the server: by Ctrl-C, SIGTERM or a closed terminal."""
        stdout = _stdout_for_facts_alone() if as_json else sys.stdout
        _check_workers()
        with Step("3/5", f"database {_database_name()}"):
            _migrate()
        with Step("4/5", "demo organizations"):
            accounts = demo.ensure()
        url = f"http://localhost:{port}"
        tell = _tell_as_json if as_json else _tell_people
        step = Step("5/5", f"server {url}")

        def ready() -> None:
            datafolder.release()
            step.done()
            # Whoever started us may have stopped reading; that is no reason to end.
            with contextlib.suppress(BrokenPipeError):
                tell(stdout, url, accounts)

        serving.serve(port, settings.WORKERS, ready)
        say("\n  Stopped. The data is kept.")


def _tell_as_json(stdout: TextIO, url: str, accounts: Sequence[screen.Account]) -> None:
    if not screen.is_new(accounts):
        say("\n" + screen.KEPT)
    print(screen.as_json(url, accounts), file=stdout, flush=True)


def _tell_people(stdout: TextIO, url: str, accounts: Sequence[screen.Account]) -> None:
    shown = screen.for_people(url, accounts, products())
    print("\n" + shown, file=stdout, flush=True)


def _stdout_for_facts_alone() -> TextIO:
    """The real stdout. Whatever else is printed, mail for one, goes to stderr."""
    facts = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return facts


def _check_workers() -> None:
    if settings.WORKERS < 1:
        raise Stop("--workers is at least 1.", WRONG_SETTING)


def _database_name() -> str:
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return name.removeprefix(f"{os.getcwd()}{os.sep}")
    return connection.display_name


def _migrate() -> None:
    """Only where something is missing: asking costs a tenth of running it."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise Stop(
            f"The database cannot be used: {error}\n"
            "Check DATABASE_URL, or the data folder where it is not set."
        ) from error
