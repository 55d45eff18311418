"""The shape of every refusal: a problem for programs, a plain page for people."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from django.core import exceptions as django_errors
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.settings import api_settings

from accounts.problems import Problem
from accounts.redaction import shown

if TYPE_CHECKING:
    # The settings name AlwaysJSON, so REST framework imports this module for its views.
    from rest_framework.views import APIView

PROBLEM_JSON = "application/problem+json"
# Under these addresses every answer is for a program, whatever its Accept header says,
# but for the views that say of themselves that they are pages.
MACHINE_PATHS = ("/api/", "/oauth/", "/.well-known/", "/healthz", "/readyz")
# OAuth clients read a member "error" in every refusal (RFC 6749 5.2).
OAUTH_PATHS = ("/oauth/", "/api/v1/auth/oauth2/")
OAUTH_ERRORS = {
    429: "temporarily_unavailable",
    500: "server_error",
    503: "temporarily_unavailable",
}
MOST_ERRORS = 20

logger = logging.getLogger(__name__)


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The answer to a program. Usable before and outside REST framework."""
    body = problem.body(getattr(request, "request_id", ""))
    # For the door, which counts how requests end.
    request.problem_code = problem.code  # type: ignore[attr-defined]
    if request.path_info.startswith(OAUTH_PATHS):
        body.setdefault("error", _oauth_error(problem))
    return HttpResponse(
        json.dumps(body, cls=DjangoJSONEncoder),
        status=problem.status_code,
        content_type=PROBLEM_JSON,
        headers=problem.headers,
    )


def _oauth_error(problem: Problem) -> str:
    fitting = OAUTH_ERRORS.get(problem.status_code, "invalid_request")
    return problem.meaning.bearer_error or fitting


def problem_page(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The answer to a person. It needs no database and no signed-in user."""
    context = {"problem": problem, "request_id": getattr(request, "request_id", "")}
    return HttpResponse(
        render_to_string("errors/problem.html", context),
        status=problem.status_code,
        headers=problem.headers,
    )


def answer(problem: Problem, request: HttpRequest) -> HttpResponse:
    match = request.resolver_match
    is_page = match is not None and getattr(match.func, "is_page", False)
    if request.path_info.startswith(MACHINE_PATHS) and not is_page:
        return problem_response(problem, request)
    return problem_page(problem, request)


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's EXCEPTION_HANDLER. None: a fault of ours, which becomes 500."""
    problem = problem_of(error)
    if problem is None:
        return None
    if isinstance(error, exceptions.UnsupportedMediaType):
        problem = _wanted_types(context["view"])
    request: Request = context["request"]
    return problem_response(problem, request._request)


class AlwaysJSON(DefaultContentNegotiation):
    """Each address speaks one format, so an Accept header cannot be wrong."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        only = next(iter(renderers))
        return only, str(only.media_type)


# What an exception means, by its class


@singledispatch
def problem_of(error: BaseException) -> Problem | None:
    """The refusal that an exception stands for, None where it is a fault of ours."""
    return None


@problem_of.register
def _(error: Problem) -> Problem:
    return error


@problem_of.register
def _(error: exceptions.APIException) -> Problem:
    """Another exception of REST framework, by its status."""
    if isinstance(error, exceptions.Throttled):
        return Problem("rate_limited", retry_after=getattr(error, "wait", None) or 1)
    # REST framework answers 403 where nobody names a challenge; ours always has one.
    if isinstance(error, exceptions.AuthenticationFailed):
        return Problem("invalid_credential")
    if isinstance(error, exceptions.NotAuthenticated):
        return Problem("credential_required")
    return Problem(CODE_OF_STATUS.get(error.status_code, "invalid_request"))


@problem_of.register
def _(error: exceptions.ValidationError) -> Problem:
    return invalid(error.detail)


@problem_of.register
def _(error: django_errors.ValidationError) -> Problem:
    if hasattr(error, "error_dict"):
        return invalid(error.message_dict)
    return invalid(error.messages)


@problem_of.register(OperationalError)
@problem_of.register(InterfaceError)
def _(error: Exception) -> Problem:
    logger.error("The database does not answer.", exc_info=error)
    return Problem("unavailable", "The database does not answer. Try again soon.")


@problem_of.register
def _(error: django_errors.ImproperlyConfigured) -> Problem:
    """A lost key, product or plan: an operator can bring it back."""
    logger.error("%s", error)
    return Problem("unavailable", "A setting of this service is missing.")


@problem_of.register
def _(error: Http404) -> Problem:
    return Problem("not_found")


@problem_of.register
def _(error: django_errors.PermissionDenied) -> Problem:
    return Problem("forbidden")


@problem_of.register(django_errors.SuspiciousOperation)
@problem_of.register(django_errors.BadRequest)
@problem_of.register(UnreadablePostError)
def _(error: Exception) -> Problem:
    return Problem("invalid_request", "The request cannot be read. Send it anew.")


@problem_of.register
def _(error: django_errors.DisallowedHost) -> Problem:
    return Problem("bad_host")


@problem_of.register
def _(error: django_errors.RequestDataTooBig) -> Problem:
    return Problem("payload_too_large")


CODE_OF_STATUS = {
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    415: "unsupported_media_type",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}


def invalid(detail: Any) -> Problem:
    """400 that lists the fields at fault, the first of them in `detail` too."""
    errors = list(field_errors(detail))[:MOST_ERRORS]
    if not errors:
        return Problem("invalid_request")
    first = errors[0]
    text = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return Problem("invalid_request", text, errors=errors)


def field_errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Every message with the path of its field: `limits.burst`, `scopes[2]`.

    The path is empty where the whole body is meant.
    """
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from field_errors(value, _joined(path, key))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from field_errors(value, f"{path}[{index}]" if nested else path)
    else:
        yield {"field": path, "detail": str(detail)}


def _joined(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key in (api_settings.NON_FIELD_ERRORS_KEY, django_errors.NON_FIELD_ERRORS):
        return path
    return f"{path}.{shown(key)}" if path else shown(key)


def _wanted_types(view: APIView) -> Problem:
    wanted = " or ".join(str(parser.media_type) for parser in view.parser_classes)
    return Problem("unsupported_media_type", f"Send the body as {wanted}.")
