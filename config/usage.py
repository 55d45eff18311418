"""What is counted of each request: for which credential, and how it ended."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.credentials import Credential
from accounts.problems import Problem
from accounts.redaction import redact
from ratelimits import usage
from ratelimits.counted import Counted, Use
from ratelimits.limits import Decision

# The refusals that have a count of their own, by their codes.
OUTCOME_OF_CODE = {
    "insufficient_scope": "insufficient_scope",
    "ip_not_allowed": "ip_not_allowed",
    "environment_mismatch": "environment_mismatch",
    "key_expired": "expired",
    "token_expired": "expired",
    "key_revoked": "revoked",
    "key_disabled": "disabled",
}
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
    is_charged = decision.allowed and request.credential is not None  # type: ignore[attr-defined]
    use = Use(
        outcome=_outcome(request, response, decision),
        charged=cost if is_charged else 0,
        status=response.status_code,
        endpoint=_endpoint(request),
        address=request.client_address,  # type: ignore[attr-defined]
        agent=agent_of(request.META.get("HTTP_USER_AGENT", "")),
    )
    usage.note(counted, use, now=decision.reading.now)


def _counted(request: HttpRequest) -> Counted | None:
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    if credential is not None:
        return credential.counted
    refusal: Problem | None = request.refusal  # type: ignore[attr-defined]
    return refusal.counted if refusal is not None else None


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


def _endpoint(request: HttpRequest) -> str:
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
