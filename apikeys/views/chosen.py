"""Which key a page is about, and what becomes of a button on its page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.problems import Problem
from accounts.visitors import Visitor
from apikeys import lifecycle
from apikeys.models import ApiKey
from apikeys.views import key_page


def chosen(visitor: Visitor, key_id: str) -> ApiKey:
    """Raises Problem: 404 for a key of another organization, 403 for a colleague's that
    this person may not manage."""
    rows = ApiKey.objects.with_people().filter(organization=visitor.organization)
    found = rows.with_public_id(key_id).prefetch_related("secrets").first()
    if found is None:
        raise Problem("not_found")
    lifecycle.require_control(visitor.credential, found)
    return found


def acted(
    request: HttpRequest,
    visitor: Visitor,
    *,
    key_id: str,
    change: Callable[[ApiKey], str],
) -> HttpResponse:
    """Make a change, say what it did, and show the key.

    What is refused is told on the page of the key as it is now: another tab, or another
    person, may have been faster.
    """
    api_key = chosen(visitor, key_id)
    try:
        messages.success(request, change(api_key))
    except Problem as problem:
        return explained(request, visitor, api_key, problem=problem)
    return redirect("key", api_key.public_id)


def explained(
    request: HttpRequest, visitor: Visitor, api_key: ApiKey, *, problem: Problem
) -> HttpResponse:
    """Why not, on the page of the key as it is now. Raises the question whether it is
    them."""
    if problem.code == "fresh_sign_in_required":
        raise problem
    now = chosen(visitor, api_key.public_id)
    return key_page.page_of(request, visitor, now, problem=problem)
