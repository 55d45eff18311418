"""What a caller is told at the limit, as an example to read and to program against."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus

from accounts.problems import rate_limited
from ratelimits import headers
from ratelimits.limits import LOCAL, SECOND, Limits, Reading, decide

# How long the example waits until the minute gives back a request.
WAIT = 12 * SECOND
REQUEST_ID = "…"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer: `status` is "429 Too Many Requests", `body` JSON text."""

    status: str
    headers: dict[str, str]
    body: str


def refusal(limits: Limits) -> Refusal:
    """The answer to the first request beyond the minute, made by what makes all of
    them."""
    decision = decide(limits, _full_minute(limits), source=LOCAL)
    wait = decision.retry_after
    problem = rate_limited(decision.violated, retry_after=wait)
    status = HTTPStatus(problem.status_code)
    return Refusal(
        status=f"{status.value} {status.phrase}",
        headers={
            "Content-Type": "application/problem+json",
            **problem.headers,
            **headers.headers(decision, limits),
        },
        body=json.dumps(problem.body(REQUEST_ID), indent=2, ensure_ascii=False),
    )


def _full_minute(limits: Limits) -> Reading:
    """What a store reads when the minute is used up, and nothing else."""
    return Reading(
        now=time.time_ns(),
        burst_wait=0,
        minute_wait=WAIT,
        day_wait=0,
        burst_more=0,
        minute_more=WAIT,
        minute_used=limits.per_minute,
        day_used=min(limits.per_minute, limits.daily or limits.per_minute),
    )
