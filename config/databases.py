"""How each database is spoken to: SQLite by one process, PostgreSQL by many."""

from __future__ import annotations

from typing import Any

SQLITE = "django.db.backends.sqlite3"


def add_options(database: dict[str, Any], *, seconds: int) -> None:
    """Add what an entry of DATABASES needs besides its address. No statement waits
    longer than so many seconds."""
    options = database.setdefault("OPTIONS", {})
    if database["ENGINE"] == SQLITE:
        database["CONN_MAX_AGE"] = None
        options.update(
            # Writers queue at BEGIN; without it two readers that both turn writer
            # deadlock.
            transaction_mode="IMMEDIATE",
            timeout=seconds,
            init_command="PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON",
        )
        return
    database.update(CONN_MAX_AGE=0, CONN_HEALTH_CHECKS=True)
    options.update(
        # The pause between attempts doubles; without an end it outlasts the outage.
        pool={"min_size": 1, "max_size": 20, "timeout": 2, "reconnect_timeout": 2},
        connect_timeout=2,
        # For cursors that bind on the server (accounts.lookups): planned once.
        prepare_threshold=0,
        options=f"-c statement_timeout={seconds}s -c lock_timeout=4s",
    )
