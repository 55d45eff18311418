"""`manage.py test`: the suite on SQLite, then on PostgreSQL and Redis of its own."""

from __future__ import annotations

import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import django
from django.core.management.base import BaseCommand, CommandParser

from config.steps import Stop
from tests import lanes, servers

SQLITE, POSTGRES = "sqlite", "postgres"
# The fast tests share the cores, and so do the files of those slow ones that time says
# nothing to. The others measure, or race: each has the cores to itself.
FAST = ("-m", "not slow", "-n", "2")
PATIENT = ("-m", "slow and patient", "-n", "2", "--dist", "loadfile")
SLOW = ("-m", "slow and not patient")
CHOSEN = ("-m", "slow or not slow")
NOTHING_COLLECTED = 5
GRACE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Lane:
    """One run of the suite. The environment says which servers it uses."""

    name: str
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one lane came to. An exit code may be bad although no test failed."""

    passed: int
    failed: int
    ok: bool


class Command(BaseCommand):
    """Starts pytest as a child for each lane, so that each sees one database only."""

    help = "Run the tests on SQLite and on PostgreSQL with Redis."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="the slow tests as well")
        parser.add_argument(
            "--services",
            choices=["auto", "required", "none"],
            default="auto",
            help="what a missing server means: one lane less, a failure, or as wished",
        )
        parser.add_argument("--lane", choices=[SQLITE, POSTGRES], help="only this one")
        parser.add_argument(
            "pytest",
            nargs="*",
            help="after --: arguments for pytest, as -- -k scans -x",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 when a lane failed or, with --services required, was left out."""
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGHUP, _end)
        django_version = django.get_version()
        _print(f"Python {platform.python_version()}, Django {django_version}")
        required = options["services"] == "required"
        runs = _runs(options["pytest"], slow=options["all"])
        with _lanes(options["services"], options["lane"]) as chosen:
            outcomes = [
                _run(lane, words, no_skips=required)
                for lane in chosen
                for words in runs
            ]
        passed = sum(outcome.passed for outcome in outcomes)
        failed = sum(outcome.failed for outcome in outcomes)
        _print(f"\n{passed} passed, {failed} failed")
        if failed or not passed or not all(outcome.ok for outcome in outcomes):
            sys.exit(1)


def _runs(chosen: list[str], *, slow: bool) -> list[list[str]]:
    """The words of each run of pytest: what somebody chose is one run."""
    if chosen:
        return [[*(CHOSEN if slow else FAST[:2]), *chosen]]
    return [list(words) for words in ((FAST, PATIENT, SLOW) if slow else (FAST,))]


@contextmanager
def _lanes(services: str, only: str | None) -> Iterator[list[Lane]]:
    chosen = []
    if only != POSTGRES:
        chosen.append(Lane(f"SQLite {sqlite3.sqlite_version}", {}))
    with ExitStack() as stack:
        if only != SQLITE and services != "none":
            chosen += _postgres_lane(stack, required=services == "required")
        yield chosen


def _postgres_lane(stack: ExitStack, *, required: bool) -> list[Lane]:
    try:
        postgresql = stack.enter_context(servers.postgresql())
        redis = stack.enter_context(servers.redis())
    except servers.NoServer as error:
        if required:
            raise Stop(f"--services required: {error}", 1) from error
        _print(f"The tests on PostgreSQL and Redis are left out: {error}")
        return []
    _print(f"{postgresql}; {redis}")
    environment = {"DATABASE_URL": postgresql.url, "REDIS_URL": redis.url}
    return [Lane(f"{postgresql.version} and {redis.version}", environment)]


def _run(lane: Lane, words: list[str], *, no_skips: bool) -> Outcome:
    _print(f"\nOn {lane.name}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "counts.json"
        environment = {**os.environ, **lane.environment, lanes.REPORT: str(report)}
        # A run inside a run judges its own skips.
        environment.pop(lanes.NO_SKIPS, None)
        if no_skips:
            environment[lanes.NO_SKIPS] = "1"
            words = ["-rs", *words]
        code = _pytest(words, environment)
        counts = json.loads(report.read_text()) if report.exists() else {}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    failed += counts.get("skipped", 0) if no_skips else 0
    return Outcome(counts.get("passed", 0), failed, code in (0, NOTHING_COLLECTED))


def _pytest(words: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *words]
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except BaseException:
        # Ctrl-C reached pytest as well; a signal to this process alone did not.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def _print(text: str) -> None:
    # Flushed: pytest, a child, writes to the same place.
    print(text, flush=True)


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)
