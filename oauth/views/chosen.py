"""Which application a page is about, and what becomes of a button on its page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.problems import Problem
from accounts.visitors import Visitor
from oauth.models import Application
from oauth.models.applications import ApplicationQuerySet

MANAGING = "applications_manage"


def own(visitor: Visitor) -> ApplicationQuerySet:
    """The applications of the visitor's organization."""
    current: ApplicationQuerySet = Application.objects.current().filter(
        organization=visitor.organization
    )
    return current


def chosen(visitor: Visitor, application_id: str) -> Application:
    """Raises Problem: 404 for an application of another organization."""
    found: Application | None = own(visitor).with_public_id(application_id).first()
    if found is None:
        raise Problem("not_found")
    # As it is known already: one query less.
    found.organization = visitor.organization
    return found


def acted(
    request: HttpRequest,
    visitor: Visitor,
    *,
    application_id: str,
    change: Callable[[Application], str],
) -> HttpResponse:
    """Make a change, say what it did, and show the application. What is refused is said
    there, too: another tab may have been faster."""
    application = chosen(visitor, application_id)
    try:
        messages.success(request, change(application))
    except Problem as problem:
        if problem.code != "conflict":
            raise
        messages.error(request, str(problem.detail))
    return redirect("application", application.public_id)
