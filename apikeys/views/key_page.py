"""The page of one key: what it is, how it is used, what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts import usage
from accounts.credentials import Credential, rights
from accounts.models.limited import written
from accounts.pages import show, told
from accounts.permissions import require
from accounts.problems import Problem
from accounts.views.usage import SPANS, span_asked
from accounts.visitors import Visitor
from apikeys import bounds, exercised, handing, trail, undo
from apikeys.models import ApiKey
from apikeys.views import used


@dataclass(frozen=True, slots=True)
class GrantedScope:
    """One scope of a key: what it is for, how often requests needed it, and why it has
    no effect now, if it has none."""

    word: str
    description: str
    is_powerful: bool
    requests: int
    is_unused: bool
    suspended_by: str


@dataclass(frozen=True, slots=True)
class Options:
    """What may be done, in the key's present state. A text is why this person may not:
    empty where they may."""

    is_over: bool
    can_undo: bool
    is_rotating: bool
    keep: str
    rotate: str
    transfer: str


def page_of(
    request: HttpRequest,
    visitor: Visitor,
    api_key: ApiKey,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    """The page; `problem`: what was refused on it."""
    use = used.during(api_key, span_asked(request))
    context = {**_facts(api_key), **_told_of_use(api_key), "used": use}
    response = show(
        request,
        visitor,
        "apikeys/key.html",
        problem=problem,
        api_key=api_key,
        spans=SPANS,
        sees_addresses=visitor.credential.allows("audit_read"),
        may=options(visitor.credential, api_key),
        **context,
    )
    return told(response, problem) if problem else response


def options(credential: Credential, api_key: ApiKey) -> Options:
    is_over = api_key.status in ("expired", "revoked")
    return Options(
        is_over=is_over,
        can_undo=not undo.why_not(api_key),
        is_rotating=api_key.is_rotating and not is_over,
        keep=_refusal(handing.require_equal, credential, api_key),
        rotate=_refusal(handing.require_rotator, credential, api_key),
        transfer=_refusal(_require_giver, credential, api_key),
    )


def _facts(api_key: ApiKey) -> dict[str, Any]:
    now = usage.limits_and_today(api_key.public_id, api_key.limits)
    return {
        "status": api_key.status,
        # As pairs: in a template `metadata.items` is the member of that name.
        "metadata": list(api_key.metadata.items()),
        "limits": written(now["limits"]),
        "today": now["today"],
        "secrets": api_key.living_secrets,
        "trail": trail.of(api_key),
    }


def _told_of_use(api_key: ApiKey) -> dict[str, Any]:
    """Ask after the counts of this process are written."""
    found = exercised.of(api_key)
    return {
        "found": found,
        "scopes": _scopes(api_key, found),
        "refusals": trail.refusals(api_key),
    }


def _scopes(api_key: ApiKey, found: exercised.Exercised) -> list[GrantedScope]:
    role = api_key.membership.role if api_key.membership else None
    held = rights(api_key.organization, api_key.scopes, role=role)
    suspended = {each.scope: each.reason for each in held.suspended}
    known = api_key.organization.product.scopes
    return [
        GrantedScope(
            word=word,
            description=known[word].description if word in known else "",
            is_powerful=word in known and known[word].is_powerful,
            requests=found.scopes.get(word, 0),
            is_unused=word in found.unused,
            suspended_by=suspended.get(word, ""),
        )
        for word in api_key.scopes
    ]


def _refusal(rule: Callable[..., Any], *arguments: Any) -> str:
    try:
        rule(*arguments)
    except Problem as problem:
        return str(problem.detail)
    return ""


def _require_giver(credential: Credential, api_key: ApiKey) -> None:
    require(credential, "keys_manage")
    bounds.refuse_beyond(credential, api_key, {})
