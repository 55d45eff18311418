"""When and from where a credential was last used, written behind the requests.

A request only leaves a note in memory. A thread of this process writes the notes, at
most one row write per credential and minute; a crash loses at most the last minute.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, models
from django.db.models import Q
from django.utils import timezone

PRECISION = timedelta(seconds=60)
# A table and a primary key.
Note = tuple[type[models.Model], Any]

logger = logging.getLogger(__name__)


class Recorder:
    """The notes of one process. Thread safe."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pending: dict[Note, tuple[datetime, str]] = {}
        self.written: dict[Note, float] = {}
        self.thread: threading.Thread | None = None

    def note(self, row: Note, address: str) -> None:
        """Remember a use. The row has `last_used_at` and `last_used_ip`."""
        with self.lock:
            self.pending[row] = (timezone.now(), address)
            if self.thread is None and settings.LAST_USED_SECONDS:
                self.thread = threading.Thread(
                    target=self._run, name="last-used", daemon=True
                )
                self.thread.start()

    def flush(self) -> None:
        """Write the notes of every credential that was not written within a minute."""
        for (model, pk), (at, address) in self._due().items():
            stale = Q(last_used_at=None) | Q(last_used_at__lte=at - PRECISION)
            rows: Any = model._default_manager.filter(stale, pk=pk)
            rows.update(last_used_at=at, last_used_ip=address)

    def _due(self) -> dict[Note, tuple[datetime, str]]:
        now = time.monotonic()
        with self.lock:
            edge = now - PRECISION.total_seconds()
            self.written = {note: at for note, at in self.written.items() if at > edge}
            due = {
                note: use
                for note, use in self.pending.items()
                if note not in self.written
            }
            for note in due:
                del self.pending[note]
                self.written[note] = now
        return due

    def _run(self) -> None:
        while seconds := settings.LAST_USED_SECONDS:
            time.sleep(seconds)
            try:
                self.flush()
            except Error:
                # The database is away. Later uses of the same credentials note it
                # again.
                logger.warning("Last uses could not be written.")
            finally:
                connection.close()


recorder = Recorder()
