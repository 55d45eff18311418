"""How the endpoints for programs are spoken to: a form or a JSON object comes in, an
answer or an error of RFC 6749 5 goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from accounts import parsers, waiting
from accounts.audit import actor_of
from accounts.problems import REALM, Problem
from accounts.redaction import shown
from oauth.failures import InvalidTarget
from oauth.server import Parameters
from ratelimits import brakes

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# May stand several times (RFC 8707 2); every other parameter only once.
REPEATABLE = "resource"
LONGEST_VALUE = 8192
# Far more than any client has use for; each one is work for whoever sends none at all.
MOST_PARAMETERS = 50
MOST_RESOURCES = 20
# Failed clients are counted by address only: a client id is public, so by it anybody
# could stop a client.
BRAKE = "oauth-client"
CORS_HEADERS = {
    # They take no cookie, so any page may call them with what it holds itself.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Expose-Headers": "WWW-Authenticate, DPoP-Nonce, Retry-After",
    "Access-Control-Max-Age": "600",
}
Answer = dict[str, Any] | HttpResponse
View = Callable[[HttpRequest, Parameters], Answer]
Endpoint = Callable[..., HttpResponse]
AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)


def post_endpoint(view: View) -> Endpoint:
    """A view that takes the parameters of a POST and gives a JSON answer.

    The caller proves itself by what the parameters hold: no cookie and no credential of
    ours is looked at.
    """

    @csrf_exempt
    @wraps(view)
    def endpoint(request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse(status=204)
        return _answer(view, request) if request.method == "POST" else not_allowed()

    endpoint.is_public = True  # type: ignore[attr-defined]
    endpoint.cross_origin = "POST, OPTIONS"  # type: ignore[attr-defined]
    return endpoint


def _answer(view: View, request: HttpRequest) -> HttpResponse:
    try:
        return finished(view(request, body_of(request)))
    except OAuth2Error as error:
        return (
            failure(error)
            if error.error != "invalid_client"
            else _guess(request, error)
        )


def _guess(request: HttpRequest, error: OAuth2Error) -> HttpResponse:
    """Who failed to prove a client waits after too many; who proves one never does."""
    seconds = brakes.failed(request, BRAKE)
    return _wait(request, seconds) if seconds else failure(error)


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    advice = f"Wait {waiting.in_words(seconds)}, then try again."
    problem = Problem(
        "too_many_attempts", advice, retry_after=seconds, error="invalid_client"
    )
    return JsonResponse(
        problem.body(getattr(request, "request_id", "")),
        status=problem.status_code,
        content_type="application/problem+json",
        headers=problem.headers,
    )


def finished(answer: Answer) -> HttpResponse:
    if isinstance(answer, HttpResponse):
        return answer
    response = JsonResponse(answer)
    response.headers["Cache-Control"] = "no-store"
    return response


def not_allowed() -> HttpResponse:
    error = InvalidRequestError("Use POST with the parameters in the body.")
    response = failure(error)
    response.status_code = 405
    response.headers["Allow"] = "POST, OPTIONS"
    return response


def failure(error: OAuth2Error) -> HttpResponse:
    """RFC 6749 5.2. A failed client is told how to authenticate (RFC 9110 11.6.1)."""
    body = {"error": error.error}
    if error.description:
        body["error_description"] = error.description
    response = JsonResponse(body, status=error.status_code)
    response.headers["Cache-Control"] = "no-store"
    if error.status_code == 401:
        response.headers["WWW-Authenticate"] = f'Basic realm="{REALM}"'
    return response


def body_of(request: HttpRequest) -> Parameters:
    """The parameters of a POST. Raises InvalidRequestError."""
    if request.META.get("QUERY_STRING"):
        raise InvalidRequestError("Send the parameters in the body, not in the URL.")
    content_type = request.content_type
    if content_type == JSON:
        pairs = list(_json_pairs(request))
    elif content_type == FORM or not request.META.get("CONTENT_LENGTH", "0").strip("0"):
        pairs = _form_pairs(request)
    else:
        raise InvalidRequestError(f"Send the body as {FORM} or {JSON}.")
    found = parameters_of(request, pairs)
    check_resource(found.resource)
    return found


def query_of(request: HttpRequest) -> Parameters:
    """The parameters of the address. Raises InvalidRequestError."""
    query = QueryDict(request.META.get("QUERY_STRING", ""))
    return parameters_of(request, list(_pairs(query)))


def parameters_of(request: HttpRequest, pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Each once, without the empty ones (RFC 6749 3.1 and 3.2)."""
    values: dict[str, str] = {}
    resource: list[str] = []
    pairs = list(pairs)
    if len(pairs) > MOST_PARAMETERS + MOST_RESOURCES:
        raise InvalidRequestError(f"Send at most {MOST_PARAMETERS} parameters.")
    for name, value in pairs:
        if not value:
            continue
        if "\0" in name + value or max(len(name), len(value)) > LONGEST_VALUE:
            raise InvalidRequestError("A parameter is too long or holds a NUL.")
        if name == REPEATABLE:
            resource.append(value)
        elif name in values:
            raise InvalidRequestError(f"Send {shown(name)} once.")
        else:
            values[name] = value
    if len(resource) > MOST_RESOURCES:
        raise InvalidTarget(f"Name at most {MOST_RESOURCES} resources.")
    return Parameters(
        path=request.path_info,
        values=values,
        resource=resource,
        headers=headers_of(request),
        actor=actor_of(request),
    )


def check_resource(resource: Iterable[str]) -> None:
    """RFC 8707 2: absolute addresses without a fragment. Raises InvalidTarget."""
    for each in resource:
        try:
            parts = urlsplit(each)
        except ValueError as error:
            raise InvalidTarget("resource is not an address.") from error
        plain = each.isascii() and each.isprintable() and " " not in each
        if not (plain and parts.scheme and parts.netloc) or "#" in each:
            raise InvalidTarget("resource must be an absolute URL without a fragment.")


def headers_of(request: HttpRequest) -> dict[str, str]:
    """The few that oauthlib and we look at."""
    meta = request.META
    return {
        "Authorization": meta.get("HTTP_AUTHORIZATION", ""),
        "DPoP": meta.get("HTTP_DPOP", ""),
        "Content-Type": FORM,
    }


def _form_pairs(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        return list(_pairs(request.POST))
    except MultiPartParserError as error:
        raise InvalidRequestError("The body cannot be read.") from error


def _pairs(query: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, values in query.lists():  # type: ignore[attr-defined]
        for value in values:
            yield name, value


def _json_pairs(request: HttpRequest) -> Iterable[tuple[str, str]]:
    try:
        members = parsers.loads(request.body) if request.body else {}
    except Problem as problem:
        raise InvalidRequestError(str(problem.detail)) from problem
    for name, value in members.items():
        several = name == REPEATABLE and isinstance(value, list)
        for each in value if several else [value]:
            if each is None:
                continue
            if not isinstance(each, str):
                raise InvalidRequestError(f"{shown(name)} must be a text.")
            yield name, each


def with_cors(response: AnyResponse, methods: str) -> AnyResponse:
    """Any page may read it, refusals too (Fetch standard 3.2)."""
    response.headers["Access-Control-Allow-Methods"] = methods
    for name, value in CORS_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
