"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.problems import Problem
from config.dependencies import look
from config.errors import problem_response
from config.handlers import read_only

MOST_SECONDS = 2.0


@read_only
def live(request: HttpRequest) -> HttpResponse:
    """/healthz: the process answers. It asks nobody else."""
    return _answer(JsonResponse({"status": "ok"}))


@read_only
def ready(request: HttpRequest) -> HttpResponse:
    """/readyz: database, migrations and Redis are as they must be, else 503."""
    missing = readiness.missing(MOST_SECONDS)
    if missing:
        problem = Problem("unavailable", " ".join(missing))
        return problem_response(problem, request)
    return _answer(JsonResponse({"status": "ok"}))


def _answer(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


@dataclass(slots=True)
class Round:
    """One look at all dependencies, on a thread of its own."""

    done: threading.Event = field(default_factory=threading.Event)
    # Redis has a time-out of its own, so who keeps us waiting is the database.
    missing: tuple[str, ...] = ("The database does not answer in time.",)


class Readiness:
    """Looks at the dependencies, at most once at a time however many ask.

    The look runs on another thread, because a driver that hangs cannot be interrupted.
    """

    def __init__(self, look: Callable[[], Iterator[str]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._round: Round | None = None

    def missing(self, seconds: float) -> tuple[str, ...]:
        """What is missing, one sentence each; empty when all is well."""
        with self._lock:
            current = self._round
            if current is None:
                current = self._round = Round()
                threading.Thread(target=self._run, args=(current,), daemon=True).start()
        current.done.wait(seconds)
        return current.missing

    def _run(self, current: Round) -> None:
        try:
            current.missing = tuple(self._look())
        finally:
            # This thread ends now, and its connection with it.
            connection.close()
            with self._lock:
                self._round = None
            current.done.set()


readiness = Readiness(look)
