"""A pytest plugin: which tests belong to the database of this run, and its counts.

`manage.py test` runs pytest once on SQLite and once on PostgreSQL with Redis.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Where to write the counts, and whether a skipped test is a failure.
REPORT = "TEST_REPORT"
NO_SKIPS = "TEST_NO_SKIPS"


def on_postgresql() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Left out, not skipped: these have nothing to say about the other database."""
    lost = [item.nodeid for item in items if _belongs_nowhere(item)]
    if lost:
        raise pytest.UsageError(f"On no database: {', '.join(lost)}")
    foreign = "sqlite_only" if on_postgresql() else "postgres_only"
    left_out = [item for item in items if item.get_closest_marker(foreign)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _belongs_nowhere(item: pytest.Item) -> bool:
    return {"sqlite_only", "postgres_only"} <= {
        mark.name for mark in item.iter_markers()
    }


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    if hasattr(session.config, "workerinput"):
        # One of several workers: the process that started them counts for all.
        return (yield)
    counts = _counts(session.config)
    if counts["skipped"] and os.environ.get(NO_SKIPS):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if report := os.environ.get(REPORT):
        Path(report).write_text(json.dumps(counts))
    return (yield)


def _counts(config: pytest.Config) -> dict[str, int]:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    kinds = ("passed", "failed", "error", "skipped")
    return {kind: len(reporter.stats.get(kind, ())) for kind in kinds}
