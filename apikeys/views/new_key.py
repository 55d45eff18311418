"""Settings > API keys > new: the form, what it would make in words, and the key itself,
this once."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from accounts import confirming, once
from accounts.once import AlreadyMade
from accounts.pages import FORM, page, show, told
from accounts.problems import Problem
from accounts.visitors import Visitor
from apikeys import lifecycle, offers, scope_matrix, wish_words
from apikeys.lifecycle import Wish
from apikeys.models import ApiKey
from apikeys.snippets import snippets
from apikeys.views.chosen import chosen
from apikeys.wishes import NewKeyForm

# What the buttons say: the form comes back, with other scopes or as it is, or it goes
# on, to the review or to the key. While it is filled in, the page asks for the line.
SET, STEP = "set", "step"
EDIT, LINE, REVIEW, CREATE = "edit", "line", "review", "create"
NOT_TYPED = frozenset({SET, STEP, once.FIELD, *confirming.NOT_CARRIED})


@page(methods=FORM)
def new_key(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Each step carries what was typed to the next one; none of it is kept anywhere."""
    if request.method != "POST":
        return _form(request, visitor, _typed_before(visitor, request.GET))
    if SET in request.POST or request.POST.get(STEP) == EDIT:
        return _form(request, visitor, _typed_before(visitor, request.POST))
    step = request.POST.get(STEP) or _usual(request)
    form = NewKeyForm(visitor.credential, request.POST)
    wish = form.wish()
    if step == LINE:
        return _line(visitor, wish)
    if wish is None:
        return _blamed(request, visitor, form)
    go_on = _made if step == CREATE else _review
    try:
        return go_on(request, visitor, wish)
    except Problem as problem:
        if problem.code == "fresh_sign_in_required":
            raise
        form.blame(problem)
        return told(_form(request, visitor, form), problem)


def _usual(request: HttpRequest) -> str:
    """Without a button. What has no nonce makes nothing."""
    return CREATE if once.FIELD in request.POST else REVIEW


def _line(visitor: Visitor, wish: Wish | None) -> JsonResponse:
    """What the key would be, as JSON: "" where it cannot be made as it is."""
    try:
        text = wish_words.line(_draft(visitor, wish)) if wish is not None else ""
    except Problem:
        text = ""
    return JsonResponse({"text": text})


def _draft(visitor: Visitor, wish: Wish) -> ApiKey:
    """The key that it would make, which the same rules have judged that will make
    it."""
    with transaction.atomic():
        return lifecycle.draft(wish, maker=visitor.credential, by=visitor.actor)


def _typed_before(visitor: Visitor, asked: QueryDict) -> NewKeyForm:
    """The form with what a link or a step before says, not yet judged."""
    initial: dict[str, Any] = {
        name: value for name, value in asked.items() if value and name not in NOT_TYPED
    }
    initial["scopes"] = _scopes(visitor, asked)
    expires = initial.get("expires", "")
    if _is_date(expires):
        initial |= {"expires": offers.CUSTOM, "expires_at": expires}
    return NewKeyForm(visitor.credential, initial=initial)


def _scopes(visitor: Visitor, asked: QueryDict) -> list[str]:
    """Those that a button chose, else those that are named, apart or in one word."""
    button = asked.get(SET, "")
    if button in scope_matrix.LEVELS:
        return scope_matrix.within_reach(visitor.credential, button)
    return " ".join(asked.getlist("scopes")).replace(",", " ").split()


def _form(request: HttpRequest, visitor: Visitor, form: NewKeyForm) -> HttpResponse:
    matrix = scope_matrix.matrix(visitor.credential, form.chosen)
    limits = visitor.organization.limits
    context = {"form": form, "matrix": matrix, "limits": limits}
    template = "apikeys/new_key.html"
    return show(request, visitor, template, nonce=_nonce(request), **context)


def _nonce(request: HttpRequest) -> str:
    """The form's own through all steps, so that going back makes no second key."""
    return request.POST.get(once.FIELD) or once.nonce()


def _blamed(request: HttpRequest, visitor: Visitor, form: NewKeyForm) -> HttpResponse:
    response = _form(request, visitor, form)
    response.status_code = 400
    return response


def _review(request: HttpRequest, visitor: Visitor, wish: Wish) -> HttpResponse:
    """What it would make, in words."""
    api_key = _draft(visitor, wish)
    known = visitor.credential.product.scopes
    return show(
        request,
        visitor,
        "apikeys/review_key.html",
        api_key=api_key,
        line=wish_words.line(api_key),
        scopes=[known[word] for word in api_key.scopes],
        carried=_carried(request.POST),
        nonce=_nonce(request),
    )


def _made(request: HttpRequest, visitor: Visitor, wish: Wish) -> HttpResponse:
    """Sent again, as by a reload, the form makes no second key."""
    visitor = confirming.confirmed(request, visitor)
    try:
        api_key, key = once.once(
            request,
            visitor,
            lambda: lifecycle.issue(wish, maker=visitor.credential, by=visitor.actor),
            target=lambda made: made[0].public_id,
        )
    except AlreadyMade as already:
        made = chosen(visitor, already.target)
        return show(request, visitor, "apikeys/already_made.html", api_key=made)
    # The key is in this one answer: no redirect, no session, no message.
    context = {"api_key": api_key, "key": key}
    tabs = snippets(key, visitor.credential.product)
    template = "apikeys/shown_once.html"
    return show(request, visitor, template, snippets=tabs, **context)


def _carried(typed: QueryDict) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in typed.lists()
        if name not in NOT_TYPED
        for value in values
    ]


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
