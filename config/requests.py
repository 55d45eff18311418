"""How a request is taken in before the door sees it, and after it was answered."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

from accounts.parsers import MOST_BYTES

UNREADABLE = "application/octet-stream"


class Request(WSGIRequest):
    """Reads addresses and forms as UTF-8, whatever the content type names as charset.

    Django would decode with any codec of Python's, and answer nothing but a bare 500
    where that codec is not one of text.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            parsed = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (ValueError, LookupError):
            meta["CONTENT_TYPE"] = UNREADABLE
            parsed = UNREADABLE, {}
        self.content_type, self.content_params = parsed


class Application(WSGIHandler):
    """Django's WSGI application with our requests."""

    request_class = Request


def take_in_the_rest(request: HttpRequest, response: HttpResponseBase) -> None:
    """What a refused request still sends. Left unread it would break the connection,
    and with it the client's next request."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) <= _most_bytes(request):
        if int(announced):
            request.META["wsgi.input"].read()
    else:
        response.headers["Connection"] = "close"


def _most_bytes(request: HttpRequest) -> int:
    match = request.resolver_match
    view = getattr(match.func, "cls", None) if match is not None else None
    most: int = getattr(view, "max_body_bytes", MOST_BYTES)
    return most
