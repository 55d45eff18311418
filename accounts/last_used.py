"""When and from where a credential was last used, written behind the requests.

A request only leaves a note in memory. A thread of this process writes the notes, at
most one row write per credential and minute; a crash loses at most the last minute.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

PRECISION = timedelta(seconds=60)
# A table and a primary key.
Note = tuple[type[models.Model], Any]
# Of one credential between two writes; who comes from more is noted from so many.
MOST_ADDRESSES = 50

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Use:
    """The last use of a row, and from where it was used since the last write: the
    keys of `addresses`, in their order."""

    at: datetime
    address: str
    addresses: dict[str, None]


class Recorder:
    """The notes of one process. Thread safe."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pending: dict[Note, Use] = {}
        self.written: dict[Note, float] = {}
        self.thread: threading.Thread | None = None

    def note(self, row: Note, address: str) -> None:
        """Remember a use. The row has `last_used_at` and `last_used_ip`."""
        now = timezone.now()
        with self.lock:
            use = self.pending.get(row)
            if use is None:
                self.pending[row] = Use(now, address, {address: None})
            else:
                use.at, use.address = now, address
                if len(use.addresses) < MOST_ADDRESSES:
                    use.addresses[address] = None
            if self.thread is None and settings.LAST_USED_SECONDS:
                self.thread = threading.Thread(
                    target=self._run, name="last-used", daemon=True
                )
                self.thread.start()

    def flush(self) -> None:
        """Write the notes of every credential that was not written within a minute."""
        for (model, pk), use in self._due().items():
            stale = Q(last_used_at=None) | Q(last_used_at__lte=use.at - PRECISION)
            rows: Any = model._default_manager.filter(stale, pk=pk)
            rows.update(last_used_at=use.at, last_used_ip=use.address)
            _tell(model, pk, list(use.addresses))

    def _due(self) -> dict[Note, Use]:
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


def _tell(model: type[models.Model], pk: Any, addresses: list[str]) -> None:
    """A table may name who wants to know from where its rows are used, since nothing
    down here knows what is above: at most once a minute for each row."""
    name: str = getattr(model, "uses_told_to", "")
    if name:
        told: Callable[[Any, list[str]], None] = import_string(name)
        told(pk, addresses)


recorder = Recorder()
