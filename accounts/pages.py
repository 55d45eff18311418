"""What the Settings pages share: who looks, what is asked of them, how a refusal looks.

A page is a function `view(request, visitor, …)`. Nobody who is signed out reaches it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import ValidationError

from accounts import browser, confirming, onward
from accounts.confirming import Unconfirmed
from accounts.permissions import require
from accounts.problems import Problem
from accounts.visitors import Visitor, visitor_of

MENU = (
    ("api-keys", _("API Keys")),
    ("usage", _("Usage & limits")),
    ("oauth-applications", _("OAuth applications")),
    ("connected-applications", _("Connected applications")),
    ("security", _("Security")),
    ("sessions", _("Sessions")),
    ("members", _("Members")),
    ("webhooks", _("Webhooks")),
    ("audit-log", _("Audit log")),
    ("organization", _("Organization")),
)
SAFE = ("GET", "HEAD")
FORM = (*SAFE, "POST")
Page = Callable[..., HttpResponse]


def page(
    *, methods: tuple[str, ...] = SAFE, needs: str = "", confirmed: bool = False
) -> Callable[[Page], Page]:
    """Make a page of a view. `needs`: the capability without which it is refused.

    `confirmed`: who has not shown for 15 minutes that it is them is asked first, and
    comes back with all that they typed.
    """

    def made(view: Page) -> Page:
        @never_cache
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            session = browser.session_of(request)
            if session is None:
                return redirect(onward.sign_in_address(_address(request)))
            visitor = visitor_of(request, session)
            try:
                if request.method not in methods:
                    raise _other_method(methods)
                if needs:
                    require(visitor.credential, needs)
                if confirmed:
                    visitor = confirming.confirmed(request, visitor)
                    if confirming.BY_LINK in request.POST:
                        return redirect(request.get_full_path())
                return view(request, visitor, *args, **kwargs)
            except Unconfirmed as question:
                return confirm(request, visitor, question.problem)
            except Problem as problem:
                return refused(request, visitor, problem)

        return shown

    return made


def action(*, needs: str = "", confirmed: bool = True) -> Callable[[Page], Page]:
    """A view that only a button reaches. What it changes may not be undone, so it asks
    first whether it is them."""
    return page(methods=("POST",), needs=needs, confirmed=confirmed)


def show(
    request: HttpRequest, visitor: Visitor, template: str, **context: Any
) -> HttpResponse:
    """A page in the frame of the settings. Its menu shows where it is."""
    parts = request.path_info.split("/")
    frame = {
        "visitor": visitor,
        "organization": visitor.credential.organization,
        "words": visitor.credential.product.words,
        "menu": MENU,
        "section": parts[2] if len(parts) > 2 else "",
    }
    return render(request, template, {**frame, **context})


def refused(request: HttpRequest, visitor: Visitor, problem: Problem) -> HttpResponse:
    """The frame with what to do in place of the page; a question where only that is
    wanted."""
    if problem.code == "fresh_sign_in_required":
        return confirm(request, visitor)
    response = show(request, visitor, "settings/refused.html", problem=problem)
    return told(response, problem)


def told(response: HttpResponse, problem: Problem) -> HttpResponse:
    """A page that says why, with the status and the headers that the API gives."""
    response.status_code = problem.status_code
    for name, value in problem.headers.items():
        if name != "WWW-Authenticate":
            response.headers[name] = value
    return response


def confirm(
    request: HttpRequest, visitor: Visitor, problem: Problem | None = None
) -> HttpResponse:
    """The question whether it is them, in place of the page."""
    question = confirming.question(request, visitor)
    template = "settings/confirm.html"
    response = show(request, visitor, template, problem=problem, **question)
    return told(response, problem) if problem else response


def blame(form: Form, error: Problem | ValidationError) -> None:
    """Say on a form what a rule refused: at the field that it names, else above all."""
    named = error.extra.get("errors", ()) if isinstance(error, Problem) else ()
    fields = {each["field"]: each["detail"] for each in named}
    if isinstance(error, ValidationError) and isinstance(error.detail, dict):
        fields = {name: _first(why) for name, why in error.detail.items()}
    if not fields:
        form.add_error(None, str(error.detail))
    for name, why in fields.items():
        # `limits.burst` and `scopes[2]` stand in `limits` and `scopes`.
        field = re.split(r"[.\[]", name, maxsplit=1)[0]
        form.add_error(field if field in form.fields else None, why)


def _first(why: Any) -> str:
    """The first sentence of what a serializer says, however deep it lies."""
    while isinstance(why, dict | list) and why:
        why = next(iter(why.values())) if isinstance(why, dict) else why[0]
    return str(why)


def _other_method(methods: tuple[str, ...]) -> Problem:
    words = _("A button leads here, not a link. Go back to the page with the button.")
    problem = Problem("method_not_allowed", str(words))
    problem.headers["Allow"] = ", ".join(methods)
    return problem


def _address(request: HttpRequest) -> str:
    """Where to come back to: not to an address that only a button reaches."""
    if request.method in SAFE:
        return request.get_full_path()
    return "/".join(request.path_info.split("/")[:3])
