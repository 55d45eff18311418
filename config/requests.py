"""How a request is taken in before the door sees it."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

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
