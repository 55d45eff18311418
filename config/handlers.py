"""What Django shows outside REST framework: its own handlers, and the page of codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.problems import CODES, Code, Problem
from config.errors import answer, problem_of

SAFE_METHODS = ("GET", "HEAD")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(problem_of(exception) or Problem("invalid_request"), request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(problem_of(exception) or Problem("forbidden"), request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Problem("not_found"), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while the exception is handled, so that it can be looked at."""
    error = sys.exception()
    problem = problem_of(error) if error else None
    return answer(problem or Problem("internal_error"), request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(Problem("csrf_failed"), request)


Page = Callable[[HttpRequest], HttpResponse]


def read_only(view: Page) -> Page:
    """Django's require_safe, but with our answer to another method."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return view(request)
        refusal = answer(Problem("method_not_allowed"), request)
        refusal.headers["Allow"] = ", ".join(SAFE_METHODS)
        return refusal

    return checked


@read_only
def problems_page(request: HttpRequest) -> HttpResponse:
    """/docs/problems: what every code means. A problem's `type` points here."""
    by_status: dict[int, list[tuple[str, Code]]] = {}
    for name, code in sorted(CODES.items(), key=lambda item: (item[1].status, item[0])):
        by_status.setdefault(code.status, []).append((name, code))
    return render(request, "docs/problems.html", {"by_status": by_status})
