"""How much each credential is used, counted in memory and written behind the requests.

A request only bumps a few numbers. A thread of this process adds them to the rows every
few seconds, by at most one write per row and round; a crash loses what was not written
yet.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import DataError, Error, IntegrityError, connections

from ratelimits import ledger
from ratelimits.counted import Counted, Tally, Use
from ratelimits.ledger import Key
from ratelimits.limits import DAY

# So many wait at most until the next round. Beyond it the round comes at once, and
# while the database is away requests are counted without their endpoints and addresses.
MOST_PENDING = 100_000
MOST_NAMES = 200_000
# So often in a minute readers may have it written, beside the rounds.
MOST_ASKED = 6
MINUTE = 60
# What datetime.date calls 1970-01-01.
EPOCH = 719_163
EXPECTED = (Error, OSError)
# What the database will never take.
REFUSED = (DataError, IntegrityError)

logger = logging.getLogger(__name__)


class Recorder:
    """The counts of one process. Thread safe."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked process does: the counts belong to its parent."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._full = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble = ""
        self._asked: list[float] = []
        self.pending: dict[Key, Tally] = {}
        self.names = 0

    def note(self, counted: Counted, use: Use, *, now: int) -> None:
        """Count a request in the UTC day of `now` (nanoseconds since 1970)."""
        key = counted, now // DAY + EPOCH
        with self._lock:
            tally = self.pending.get(key)
            if tally is None:
                tally = self.pending[key] = Tally()
                self._begin(len(self.pending))
            self.names += tally.note(use, room=self.names < MOST_NAMES)

    def flush(self) -> None:
        """Write what was counted. What cannot be written is kept; raises why."""
        with self._writing:
            with self._lock:
                taken, self.pending, self.names = self.pending, {}, 0
            self._full.clear()
            try:
                _write_out(taken)
            except Exception:
                self._keep(taken)
                raise

    def catch_up(self) -> None:
        """A flush for someone who reads the rows next. It never raises. Where too many
        asked it is left to the next round: nobody has rows written at will."""
        now = time.monotonic()
        with self._lock:
            self._asked = [each for each in self._asked if now - each < MINUTE]
            if not self.pending or len(self._asked) >= MOST_ASKED:
                return
            self._asked.append(now)
        try:
            self.flush()
        except EXPECTED as error:
            logger.warning("Usage is read as it is: %s", type(error).__name__)

    def attempt(self) -> None:
        """A flush that never raises. Logs when trouble begins and when it ends, not
        each time between."""
        try:
            self.flush()
        except Exception as error:
            trouble = type(error).__name__
            if trouble != self._trouble:
                fault = None if isinstance(error, EXPECTED) else error
                logger.error("Usage cannot be written: %s", trouble, exc_info=fault)
            self._trouble = trouble
        else:
            if self._trouble:
                logger.warning("Usage is written again.")
            self._trouble = ""
        finally:
            _let_go()

    def _begin(self, waiting: int) -> None:
        """Have a thread write, from the first request of this process on."""
        if waiting >= MOST_PENDING:
            self._full.set()
        if self._thread is None and settings.USAGE_SECONDS:
            self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
            self._thread.start()
            # Also at the end of a process that multiprocessing forked, as the server's
            # workers are: those do without atexit.
            Finalize(None, self.attempt, exitpriority=100)

    def _run(self) -> None:
        """Rounds begin so many seconds after one another, however long one takes."""
        due = time.monotonic()
        while seconds := settings.USAGE_SECONDS:
            due = max(due + seconds, time.monotonic())
            self._full.wait(due - time.monotonic())
            self.attempt()
            if self._trouble and self._full.is_set():
                # Full and not writable: there is no hurry that would help.
                time.sleep(seconds)

    def _keep(self, unwritten: dict[Key, Tally]) -> None:
        """Take back what could not be written, for the next round."""
        with self._lock:
            for key, tally in unwritten.items():
                newer = self.pending.get(key)
                if newer is not None:
                    tally.add(newer.counts, newer.details)
                self.pending[key] = tally
            self.names = sum(tally.names for tally in self.pending.values())


def _write_out(taken: ledger.Batch) -> None:
    """Add the counts to their rows, and take out what is written. Raises what stops it
    in the middle."""
    for keys in list(ledger.batches(taken)):
        batch = {key: taken[key] for key in keys}
        try:
            ledger.add(batch)
        except REFUSED:
            # One row that is refused must not hold up the others.
            for key in keys:
                _write_alone(key, batch[key])
        for key in keys:
            del taken[key]


def _write_alone(key: Key, tally: Tally) -> None:
    try:
        ledger.add({key: tally})
    except REFUSED:
        logger.exception("Usage of %s is lost.", key[0].credential)


def _let_go() -> None:
    """Between two rounds no connection is held. One that is broken must not end all."""
    try:
        connections.close_all()
    except EXPECTED as error:
        logger.warning("A connection does not close: %s", type(error).__name__)


recorder = Recorder()
note = recorder.note
os.register_at_fork(after_in_child=recorder.forget)
