"""/metrics: numbers for Prometheus, and who may read them."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from accounts.problems import Problem
from config.errors import problem_response
from config.handlers import read_only
from ratelimits.addresses import is_among
from ratelimits.metrics import exposition

# A request that carries one of these came through a proxy.
OF_PROXIES = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)

logger = logging.getLogger(__name__)


def metrics(request: HttpRequest) -> HttpResponse:
    """404 for who may not read it, as for an address that does not exist."""
    if not _may_read(request):
        raise Http404
    return _metrics(request)


@read_only
def _metrics(request: HttpRequest) -> HttpResponse:
    try:
        text = exposition()
    except OSError as error:
        logger.error("No metrics: %s", error)
        why = "The data folder cannot be used: make it writable, then restart Doorward."
        return problem_response(Problem("unavailable", why), request)
    response = HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def _may_read(request: HttpRequest) -> bool:
    reader = request.client_address  # type: ignore[attr-defined]
    if any(name in request.META for name in OF_PROXIES):
        # Only a trusted proxy can say for whom it asks, and it does not ask for itself:
        # a proxy on this machine would otherwise let the whole world be loopback.
        peer = request.META.get("REMOTE_ADDR", "")
        trusted = settings.TRUSTED_PROXIES
        if not is_among(peer, trusted) or is_among(reader, trusted):
            return False
    return is_among(reader, settings.METRICS_NETWORKS)
