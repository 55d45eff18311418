"""What a process does beside its requests: jobs by name, each at its own pace.

A thread of the server does them, and so does `manage.py worker`. Any number of
processes may: the jobs themselves see to it that nothing is done twice.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connections
from django.utils.module_loading import import_string

EXPECTED = (Error, OSError)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """A callable by its dotted name. `trouble` is why its last run failed, or ""."""

    name: str
    period: float
    due: float
    trouble: str = ""

    def run(self) -> None:
        """Logs a failure when it begins and when it ends, not each time between."""
        try:
            import_string(self.name)()
        except Exception as error:
            # One job that fails, whatever it is, must not stop the others.
            trouble = type(error).__name__
            if trouble != self.trouble:
                fault = None if isinstance(error, EXPECTED) else error
                logger.error("%s fails: %s", self.name, trouble, exc_info=fault)
            self.trouble = trouble
        else:
            if self.trouble:
                logger.warning("%s works again.", self.name)
            self.trouble = ""


class Background:
    """The jobs of one program, until `stop`."""

    def __init__(self) -> None:
        self._threads: dict[int, threading.Thread] = {}
        self._stopped = threading.Event()

    def ensure(self) -> None:
        """Have a thread do them in this process. A fork begins without one."""
        process = os.getpid()
        if process in self._threads or not settings.BACKGROUND:
            return
        thread = threading.Thread(target=self.run, name="background", daemon=True)
        # No lock, which a fork might copy while it is held: setdefault is atomic.
        if self._threads.setdefault(process, thread) is thread:
            thread.start()

    def run(self) -> None:
        """Do them here. The first run of each comes after its first pause."""
        now = time.monotonic()
        jobs = [
            Job(name, period, now + period)
            for name, period in settings.BACKGROUND_JOBS.items()
        ]
        while jobs and not self._stopped.wait(_pause(jobs)):
            for job in jobs:
                if job.due <= time.monotonic() and not self._stopped.is_set():
                    job.run()
                    job.due = time.monotonic() + job.period
            _let_go()

    def stop(self) -> None:
        """End after the job that runs now."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Until the thread of this process has ended."""
        self._threads[os.getpid()].join(seconds)


def _let_go() -> None:
    """Between two rounds no connection is held. One that is broken must not end all."""
    try:
        connections.close_all()
    except EXPECTED as error:
        logger.warning("A connection does not close: %s", type(error).__name__)


def _pause(jobs: list[Job]) -> float:
    return max(0.0, min(job.due for job in jobs) - time.monotonic())


ensure = Background().ensure
