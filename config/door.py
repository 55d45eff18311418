"""The outermost middleware: every request comes in here, and every answer goes out
here.

It names the request, finds the client's address, proves the credential once, asks the
limiter, and puts on every answer what every answer carries.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import authentication, background, ids
from accounts.credentials import Credential
from accounts.last_used import recorder
from accounts.problems import Problem, rate_limited
from config import cross_origin, denials, logs, security_headers, sunset, usage
from config.errors import answer, problem_of
from config.requests import take_in_the_rest
from config.urls import public_paths, uncharged_paths
from ratelimits import metrics
from ratelimits.addresses import client_address, network
from ratelimits.headers import headers
from ratelimits.limits import Decision, Limits, whole_seconds
from ratelimits.stores import store

LIMITED = ("/api/", "/oauth/")
PROBES = ("/healthz", "/readyz", "/metrics")
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
# Names under which clients put credentials into addresses. Addresses end up in logs.
CREDENTIAL_NAMES = frozenset(
    {
        "access_token",
        "refresh_token",
        "api_key",
        "apikey",
        "x-api-key",
        "x_api_key",
        "authorization",
        "password",
        "client_secret",
    }
)
Answer = Callable[[HttpRequest], HttpResponseBase]

access = logging.getLogger("doorward.access")


class Door:
    """Sets request_id, client_address, credential and refusal on the request."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        background.ensure()
        request.request_id = ids.encode("req", ids.uuid7())  # type: ignore[attr-defined]
        request.client_address = client_address(  # type: ignore[attr-defined]
            request.META, settings.TRUSTED_PROXIES
        )
        request.credential = request.refusal = None  # type: ignore[attr-defined]
        token = logs.request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            response = self._answer(request)
            take_in_the_rest(request, response)
            _complete(request, response)
            seconds = time.perf_counter() - begun
            metrics.answered(response.status_code, seconds)
            _log(request, response, seconds)
        finally:
            logs.request_id.reset(token)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        _name_host(request)
        malformed = _malformed(request)
        if not request.path_info.startswith(LIMITED):
            return (
                answer(malformed, request) if malformed else self.get_response(request)
            )
        if malformed is None and request.path_info not in public_paths():
            malformed = _prove(request)
        cost = _cost(request)
        decision, limits = _charge(request, cost)
        if not decision.allowed:
            problem = rate_limited(decision.violated, retry_after=decision.retry_after)
            response: HttpResponseBase = answer(problem, request)
        elif malformed is not None:
            response = answer(malformed, request)
        else:
            response = self.get_response(request)
        _tell_limits(response, decision, limits)
        sunset.tell(response, request.credential)  # type: ignore[attr-defined]
        cross_origin.allow(request, response)
        usage.note(request, response, decision=decision, cost=cost)
        denials.note(request)
        return response


def _name_host(request: HttpRequest) -> None:
    """Balancers and Prometheus ask for an address, which is no name of ours, and which
    Django's own middleware would refuse as well."""
    if request.path_info in PROBES:
        request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]


def _malformed(request: HttpRequest) -> Problem | None:
    """What no view should see: unknown host, TRACE, chunks, credential in the URL."""
    try:
        request.get_host()
    except DisallowedHost:
        return Problem("bad_host")
    if request.method == "TRACE":
        problem = Problem("method_not_allowed")
        problem.headers["Allow"] = METHODS
        return problem
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return Problem("length_required")
    return _credential_in_url(request)


def _credential_in_url(request: HttpRequest) -> Problem | None:
    if not request.path_info.startswith(LIMITED):
        return None
    query = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)
    for name, value in query:
        if name.lower() in CREDENTIAL_NAMES or authentication.is_credential(value):
            shown = name if name.lower() in CREDENTIAL_NAMES else "query"
            why = "Send it in a header."
            return Problem(
                "credential_in_url", errors=[{"field": shown, "detail": why}]
            )
    if request.path_info in public_paths():
        return None
    if any(authentication.is_credential(part) for part in request.path_info.split("/")):
        return Problem("credential_in_url")
    return None


def _prove(request: HttpRequest) -> Problem | None:
    """Find the credential, once. A refused one is the views' to tell; two are
    nobody's."""
    try:
        credential = authentication.prove(
            request.META,
            address=request.client_address,  # type: ignore[attr-defined]
        )
    except Problem as refusal:
        request.refusal = refusal  # type: ignore[attr-defined]
        return refusal if refusal.status_code == 400 else None
    except (DatabaseError, InterfaceError, ImproperlyConfigured) as error:
        return problem_of(error) or Problem("unavailable")
    request.credential = credential  # type: ignore[attr-defined]
    if credential is not None:
        for row in credential.rows:
            recorder.note(row, request.client_address)  # type: ignore[attr-defined]
    return None


def _cost(request: HttpRequest) -> int:
    """1, whatever will be answered; 0 for a preflight, for introspection, and for who
    may judge others and does."""
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    # Browsers send preflights without a credential, so one with it is no preflight.
    is_preflight = (
        request.method == "OPTIONS"
        and credential is None
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    )
    needed = uncharged_paths().get(request.path_info)
    if is_preflight or needed == ():
        return 0
    if needed is None or credential is None:
        return 1
    return 0 if all(map(credential.allows, needed)) else 1


def _charge(request: HttpRequest, cost: int) -> tuple[Decision, Limits]:
    """Count the request: by its credential, or by its address where none was proven."""
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    if credential is not None:
        key, limits = credential.rate_key, credential.limits
    else:
        address = network(request.client_address)  # type: ignore[attr-defined]
        key, limits = f"address:{address}", settings.ANONYMOUS_LIMITS
    decision = store().check(key, limits, cost=cost)
    metrics.decided(decision)
    return decision, limits


def _tell_limits(
    response: HttpResponseBase, decision: Decision, limits: Limits
) -> None:
    told = headers(decision, limits)
    # A brake's Retry-After says more about this answer than the plan's windows, and a
    # client that reads that something is left would not wait.
    wait = response.headers.get("Retry-After", "")
    if decision.allowed and response.status_code == 429 and wait:
        reset = whole_seconds(decision.reading.now) + int(wait)
        told |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    for name, value in told.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def _complete(request: HttpRequest, response: HttpResponseBase) -> None:
    security_headers.apply(response)
    response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
    if "HTTP_TRANSFER_ENCODING" in request.META:
        # The length of such a request is what two servers may read differently.
        response.headers["Connection"] = "close"


def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """One line per request. It names the route: addresses hold tokens."""
    match = request.resolver_match
    credential: Credential | None = request.credential  # type: ignore[attr-defined]
    level = logging.DEBUG if request.path_info in PROBES else logging.INFO
    access.log(
        level,
        "%s /%s %s",
        request.method,
        match.route if match else "?",
        response.status_code,
        extra={
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 2),
            "address": request.client_address,  # type: ignore[attr-defined]
            "credential_id": credential.id if credential else None,
        },
    )
