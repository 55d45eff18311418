"""The scopes of a product as a form offers them: a row for each group, what reads on
one side, what changes on the other."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.credentials import Credential
from accounts.product_rights import Scope

READ, WRITE, MANAGE = "read", "write", "manage"
# What a button ticks; `manage` is ticked by hand alone.
LEVELS = {"none": frozenset[str](), "read": {READ}, "all": {READ, WRITE}}
_PARTS = re.compile(r"[_.:/-]")
WHY_NOT: dict[str, str | Promise] = {
    "role": _("Your role does not hold it."),
    "plan": _("Your plan does not have it."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One scope. `level` is what it lets do; `why_not` says why this person cannot give
    it, nothing where they can."""

    scope: Scope
    level: str
    is_chosen: bool
    why_not: str | Promise


@dataclass(frozen=True, slots=True)
class Row:
    """The scopes of one group."""

    group: str
    reading: list[Choice] = field(default_factory=list)
    changing: list[Choice] = field(default_factory=list)


def matrix(holder: Credential, chosen: Collection[str]) -> list[Row]:
    """All scopes of the holder's product, in the order of its file."""
    rows: dict[str, Row] = {}
    for scope in holder.product.scopes.values():
        row = rows.setdefault(scope.group, Row(scope.group))
        choice = Choice(
            scope, level_of(scope), scope.word in chosen, why_not(holder, scope)
        )
        (row.reading if choice.level == READ else row.changing).append(choice)
    return list(rows.values())


def within_reach(holder: Credential, button: str) -> list[str]:
    """The scopes that a button ticks: those of its levels that the holder can give."""
    return [
        scope.word
        for scope in holder.product.scopes.values()
        if level_of(scope) in LEVELS[button] and not why_not(holder, scope)
    ]


def level_of(scope: Scope) -> str:
    """By the last part of its word, as both guides name them."""
    if scope.is_powerful:
        return MANAGE
    return READ if _PARTS.split(scope.word)[-1] == READ else WRITE


def why_not(holder: Credential, scope: Scope) -> str | Promise:
    """Why the holder cannot give this scope to a key. Nothing where they can."""
    if not holder.product.expand([scope.word]) - holder.scopes:
        return ""
    of_plan = holder.product.scopes_of_plan(holder.organization.plan)
    return WHY_NOT["plan" if scope.word not in of_plan else "role"]
