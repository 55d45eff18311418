"""What is counted of each request: for which credential, and how it ended."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.credentials import Credential
from accounts.outcomes import OUTCOME_OF_CODE
from accounts.problems import Problem
from accounts.redaction import redact
from ratelimits import usage
from ratelimits.counted import Counted, Use
from ratelimits.limits import Decision

PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
)
# Looked at for secrets; what is kept of it is shorter still.
LONGEST_AGENT = 400


def note(
    request: HttpRequest, response: HttpResponseBase, *, decision: Decision, cost: int
) -> None:
    """Count it in memory, where a credential was proven: also one that is dead."""
    counted = _counted(request)
    if counted is None:
        return
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    is_charged = decision.allowed and credential is not None
    outcome = _outcome(request, response, decision)
    use = Use(
        outcome=outcome,
        charged=cost if is_charged else 0,
        status=response.status_code,
        endpoint=endpoint_of(request),
        address=request.client_address,  # type: ignore[attr-defined]
        agent=agent_of(request.META.get("HTTP_USER_AGENT", "")),
        scopes=_scopes(credential, outcome),
        reports=_sorted(credential.reports) if credential is not None else (),
    )
    usage.note(counted, use, now=decision.reading.now)


def _counted(request: HttpRequest) -> Counted | None:
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    if credential is not None:
        return credential.counted
    refusal: Problem | None = request.refusal  # type: ignore[attr-defined]
    return refusal.counted if refusal is not None else None


def _scopes(credential: Credential | None, outcome: str) -> tuple[str, ...]:
    """What it needed of what it holds. A refused request got nothing by a scope."""
    if credential is None or outcome != "allowed":
        return ()
    return _sorted(credential.exercised)


def _sorted(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names)) if names else ()


def _outcome(
    request: HttpRequest, response: HttpResponseBase, decision: Decision
) -> str:
    refusal: Problem | None = request.refusal  # type: ignore[attr-defined]
    if refusal is not None:
        # Whatever was answered then: the address may not exist, or be limited itself.
        return OUTCOME_OF_CODE.get(refusal.code, "refused")
    if not decision.allowed:
        return "limited"
    code = getattr(request, "problem_code", "")
    if code in OUTCOME_OF_CODE:
        return OUTCOME_OF_CODE[code]
    return "refused" if code and response.status_code in (401, 403) else "allowed"


def endpoint_of(request: HttpRequest) -> str:
    """`GET /api/v1/scans/{scan_id}`; empty for an address that there is not."""
    match = request.resolver_match
    if match is None:
        return ""
    method = request.method if request.method in METHODS else "OTHER"
    return f"{method} {_pattern(match.route)}"


@lru_cache(maxsize=1024)
def _pattern(route: str) -> str:
    return "/" + PLACE.sub(r"{\1}", route)


@lru_cache(maxsize=4096)
def agent_of(header: str) -> str:
    """The program that asks, as it names itself. Some clients put a secret there."""
    return redact(header[:LONGEST_AGENT])
