"""Which refusals of a request go into the audit log: those of a proven credential."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import denials
from accounts.credentials import Credential
from accounts.denials import DENIED, REPORTED, Kind
from accounts.problems import Problem
from config.usage import endpoint_of

# Of credentials that are alive.
CODES = frozenset(
    {
        "insufficient_scope",
        "ip_not_allowed",
        "environment_mismatch",
        "beyond_own_rights",
        "user_required",
        "forbidden",
    }
)
# What every client meets once in an hour says nothing.
USUAL = frozenset({"token_expired"})


def note(request: HttpRequest) -> None:
    """Remember it, if it was refused or would be by a list on trial."""
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    refusal: Problem | None = request.refusal  # type: ignore[attr-defined]
    if refusal is not None and refusal.counted is not None:
        if refusal.code not in USUAL:
            _note(request, Kind(DENIED, refusal.counted, refusal.code))
        return
    if credential is None:
        return
    code: str = getattr(request, "problem_code", "")
    if code in CODES:
        _note(request, Kind(DENIED, credential.counted, code))
    for name in credential.reports:
        _note(request, Kind(REPORTED, credential.counted, name))


def _note(request: HttpRequest, kind: Kind) -> None:
    denials.note(
        kind,
        address=request.client_address,  # type: ignore[attr-defined]
        route=endpoint_of(request),
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
