"""Rotate a key: how long the old secret goes on, then the new one, this once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts import once
from accounts.credential_forms import AT_ONCE, USUAL_GRACE, RotationForm
from accounts.once import AlreadyMade
from accounts.pages import FORM, page, show
from accounts.problems import Problem
from accounts.visitors import Visitor
from apikeys import handing, rotation
from apikeys.models import ApiKey
from apikeys.snippets import snippets
from apikeys.views.chosen import chosen, explained


@page(methods=FORM, confirmed=True)
def rotate(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """The new secret is in the one answer to the form."""
    api_key = chosen(visitor, key_id)
    is_rotating = api_key.is_rotating
    initial = {"grace_seconds": AT_ONCE if is_rotating else USUAL_GRACE}
    form = RotationForm(request.POST or None, initial=initial)
    try:
        if form.is_valid():
            return _rotated(request, visitor, api_key, form.grace)
        rotation.refuse_dead(api_key)
        handing.require_rotator(visitor.credential, api_key)
    except Problem as problem:
        return explained(request, visitor, api_key, problem=problem)
    context = {"api_key": api_key, "is_rotating": is_rotating, "nonce": once.nonce()}
    template = "apikeys/rotate.html"
    response = show(request, visitor, template, form=form, **context)
    response.status_code = 400 if form.is_bound else 200
    return response


def _rotated(
    request: HttpRequest, visitor: Visitor, api_key: ApiKey, grace: int
) -> HttpResponse:
    """Sent again, as by a reload, the form makes no second secret."""

    def make() -> tuple[ApiKey, str]:
        rotator, by = visitor.credential, visitor.actor
        return rotation.rotate(api_key, grace, rotator=rotator, by=by)

    try:
        rotated, text = once.once(
            request, visitor, make, target=lambda made: made[0].public_id
        )
    except AlreadyMade:
        return show(request, visitor, "apikeys/already_made.html", api_key=api_key)
    # The secret is in this one answer: no redirect, no session, no message.
    context = {"api_key": rotated, "key": text}
    tabs = snippets(text, visitor.credential.product)
    template = "apikeys/shown_once.html"
    return show(request, visitor, template, snippets=tabs, **context)
