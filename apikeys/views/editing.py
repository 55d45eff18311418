"""Edit a key: its name, scopes, expiry, limits, addresses and tags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.pages import FORM, page, show, told
from accounts.problems import Problem
from accounts.visitors import Visitor
from apikeys import exercised, lifecycle, scope_matrix, suggested
from apikeys.edits import EditForm
from apikeys.models import ApiKey
from apikeys.scope_matrix import Choice, Row
from apikeys.views.chosen import chosen, explained

# A button that only ticks scopes, for browsers without scripts.
SET = "set"
MOST_NETWORKS = 5


@page(methods=FORM, confirmed=True)
def edit(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Never beyond what this person holds."""
    api_key = chosen(visitor, key_id)
    if api_key.revoked_at is not None:
        why = Problem("conflict", _("A revoked key cannot be changed."))
        return explained(request, visitor, api_key, problem=why)
    if request.method != "POST" or SET in request.POST:
        form = EditForm(visitor.credential, api_key, typed=_typed(request, visitor))
        return _form(request, visitor, form)
    form = EditForm(visitor.credential, api_key, request.POST)
    changes = form.changes()
    if changes is None:
        return _blamed(request, visitor, form)
    try:
        return _changed(request, visitor, api_key, changes)
    except Problem as problem:
        if chosen(visitor, key_id).revoked_at is not None:
            return explained(request, visitor, api_key, problem=problem)
        form.blame(problem)
        return told(_form(request, visitor, form), problem)


def _changed(
    request: HttpRequest, visitor: Visitor, api_key: ApiKey, changes: dict[str, Any]
) -> HttpResponse:
    if changes:
        changer, by = visitor.credential, visitor.actor
        lifecycle.change(api_key, changes, changer=changer, by=by)
        messages.success(request, _("Changed. It holds from the next request on."))
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect("key", api_key.public_id)


def _typed(request: HttpRequest, visitor: Visitor) -> QueryDict | None:
    """What was typed before a button ticked other scopes."""
    button = request.POST.get(SET, "")
    if button not in scope_matrix.LEVELS:
        return None
    typed = request.POST.copy()
    words = scope_matrix.within_reach(visitor.credential, button)
    typed.setlist("scopes", words)
    return typed


def _form(request: HttpRequest, visitor: Visitor, form: EditForm) -> HttpResponse:
    used_from = suggested.networks(exercised.lately(form.api_key))
    return show(
        request,
        visitor,
        "apikeys/edit.html",
        form=form,
        api_key=form.api_key,
        matrix=_matrix(form),
        limits=visitor.organization.limits,
        networks=used_from.networks[:MOST_NETWORKS],
    )


def _blamed(request: HttpRequest, visitor: Visitor, form: EditForm) -> HttpResponse:
    response = _form(request, visitor, form)
    response.status_code = 400
    return response


def _matrix(form: EditForm) -> list[Row]:
    """What the key has already can be taken away by who could not give it."""
    had = form.api_key.scopes

    def open_to_less(choices: list[Choice]) -> list[Choice]:
        return [
            replace(choice, why_not="") if choice.scope.word in had else choice
            for choice in choices
        ]

    rows = scope_matrix.matrix(form.holder, form.chosen)
    return [
        Row(row.group, open_to_less(row.reading), open_to_less(row.changing))
        for row in rows
    ]
