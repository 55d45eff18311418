"""Refused uses of proven credentials, put into the audit log behind the requests.

A request only leaves a note in memory: the first of a credential, code and minute as an
event of its own, all that follow in this minute as a number. A job of this process
writes them every few seconds; a crash loses what was not written yet.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.util import Finalize
from typing import NamedTuple

from django.conf import settings
from django.db import Error, transaction
from django.utils import timezone

from accounts import audit, ids
from accounts.audit import Actor
from accounts.models import Organization
from ratelimits.counted import Counted

DENIED, REPORTED = "credential.denied", "credential.reported"
SECONDS = 60
# So many credentials and codes are remembered at once, and so many events wait at most
# while the database is away.
MOST = 10_000

logger = logging.getLogger(__name__)


class Kind(NamedTuple):
    """What is written once a minute: an action, whose, and why."""

    action: str
    counted: Counted
    code: str


@dataclass(frozen=True, slots=True)
class Denial:
    """One refused use, or one that a list on trial would refuse. `unrecorded`: how many
    more there were since the last event of its kind."""

    kind: Kind
    at: datetime
    address: str
    route: str
    request_id: str
    unrecorded: int = 0


class Recorder:
    """The notes of one process. Thread safe."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked process does: the notes belong to its parent."""
        self._lock = threading.Lock()
        self._is_ending = False
        self.minutes: dict[Kind, float] = {}
        self.skipped: dict[Kind, Denial] = {}
        self.pending: list[Denial] = []

    def note(self, kind: Kind, *, address: str, route: str, request_id: str) -> None:
        """Remember a refused use. Beyond MOST kinds at once it is let go."""
        denial = Denial(kind, timezone.now(), address, route, request_id)
        with self._lock:
            self._write_at_the_end()
            if kind in self.minutes:
                before = self.skipped.get(kind)
                times = 0 if before is None else before.unrecorded + 1
                self.skipped[kind] = replace(denial, unrecorded=times)
            elif len(self.minutes) < MOST and len(self.pending) < MOST:
                self.minutes[kind] = time.monotonic() + SECONDS
                self.pending.append(denial)

    def write(self) -> None:
        """Write what is due. What cannot be written is kept; raises why."""
        with self._lock:
            self._close(time.monotonic())
            taken, self.pending = self.pending, []
        try:
            _write_out(taken)
        except Error:
            with self._lock:
                self.pending = [*taken, *self.pending][:MOST]
            raise

    def _close(self, now: float) -> None:
        """End the minutes that are over. What was skipped in one becomes the event that
        begins the next."""
        over = [kind for kind, end in self.minutes.items() if end <= now]
        for kind in over:
            last = self.skipped.pop(kind, None)
            if last is None:
                del self.minutes[kind]
            else:
                self.minutes[kind] = now + SECONDS
                self.pending.append(last)

    def _write_at_the_end(self) -> None:
        """Also at the end of a process that multiprocessing forked, as the server's
        workers are: those do without atexit."""
        if settings.BACKGROUND and not self._is_ending:
            self._is_ending = True
            Finalize(None, self._attempt, exitpriority=100)

    def _attempt(self) -> None:
        try:
            self.write()
        except (Error, OSError) as error:
            logger.error("Refused uses are lost: %s", type(error).__name__)


def _write_out(denials: Iterable[Denial]) -> None:
    names = {denial.kind.counted.organization for denial in denials}
    keys = [ids.decode(Organization.prefix, name) for name in names]
    organizations = Organization.objects.in_bulk(keys) if keys else {}
    with transaction.atomic():
        for denial in denials:
            counted = denial.kind.counted
            key = ids.decode(Organization.prefix, counted.organization)
            _record(denial, organizations.get(key))


def _record(denial: Denial, organization: Organization | None) -> None:
    kind, name = denial.kind, denial.kind.counted.credential
    audit.record(
        kind.action,
        by=Actor(name, name, denial.address, denial.request_id),
        organization=organization,
        target=name,
        code=kind.code,
        seen_at=denial.at,
        route=denial.route,
        unrecorded=denial.unrecorded,
    )


recorder = Recorder()
note = recorder.note
write = recorder.write
os.register_at_fork(after_in_child=recorder.forget)
