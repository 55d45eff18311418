"""Doorward's addresses, an open one, and one that wants a key with a scope."""

from __future__ import annotations

from typing import ClassVar

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import Endpoint, PublicEndpoint
from config import urls


class Open(PublicEndpoint):
    """For anybody."""

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class WithKey(Endpoint):
    """The same, for who holds the scope."""

    required: ClassVar[dict[str, list[str]]] = {"GET": ["scans_read"]}

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [
    path("api/v1/bench/open", Open.as_view()),
    path("api/v1/bench/doorward", WithKey.as_view()),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
