"""What Doorward needs beside itself: a migrated database, and Redis where it is set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis, RedisError

from ratelimits.redis_server import CLUSTER, QUICK, TIME_OUTS, server

REDIS_SECONDS = 1.0


class _Migrations:
    """Remembers that nothing is pending: a process never gets new migration files."""

    clean = False


def look() -> Iterator[str]:
    """A sentence for each dependency that is not as it must be. None holds a secret."""
    yield from _database()
    if settings.REDIS_URL and not redis_answers():
        yield "Redis does not answer. Check REDIS_URL and the server."


def _database() -> Iterator[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending = pending_migrations()
    except Error:
        yield "The database does not answer. Check DATABASE_URL and the server."
        return
    if pending:
        yield f"{pending} migrations are not applied. Run: python3 manage.py migrate"


def pending_migrations() -> int:
    """How many migrations the database lacks. Asked once per process when none."""
    if _Migrations.clean:
        return 0
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _Migrations.clean = pending == 0
    return pending


def redis_answers() -> bool:
    """Whether the server behind REDIS_URL answers within a second."""
    try:
        return bool(server(settings.REDIS_URL, seconds=REDIS_SECONDS).call("PING"))
    except (RedisError, OSError, ValueError):
        return False


def redis_facts() -> dict[str, Any]:
    """What the server says of itself; nothing where it does not, or is a cluster that
    is used as one."""
    if CLUSTER in settings.REDIS_URL:
        return {}
    options = {**QUICK, **dict.fromkeys(TIME_OUTS, REDIS_SECONDS)}
    try:
        with Redis.from_url(settings.REDIS_URL, **options) as client:
            facts: dict[str, Any] = client.info()
            return facts
    except (RedisError, OSError, ValueError):
        return {}
