"""Every address of Doorward."""

from __future__ import annotations

from functools import cache

from django.contrib import admin
from django.urls import URLPattern, get_resolver, include, path
from django.urls.resolvers import URLResolver
from django.views.generic import RedirectView

import accounts.urls
import apikeys.urls
import scans.urls
from config import errors, health, schema

API = "api/v1/"

urlpatterns = [
    path(API, include(accounts.urls.endpoints)),
    path(API, include(apikeys.urls.endpoints)),
    path(API, include(scans.urls.endpoints)),
    path("api/schema", schema.schema, name="schema"),
    path("api/docs", schema.APIDocs.as_view(), name="docs"),
    path("docs/problems", errors.problems_page, name="problems"),
    path("healthz", health.live),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/doorward.svg")),
    *accounts.urls.pages,
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error


@cache
def public_paths() -> frozenset[str]:
    """The addresses whose view declares that it looks at no credential."""
    return frozenset(
        f"/{route}" for route, view in _routes("", get_resolver()) if _is_public(view)
    )


def _routes(start: str, resolver: URLResolver) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for entry in resolver.url_patterns:
        route = start + str(entry.pattern)
        if isinstance(entry, URLPattern):
            found.append((route, entry.callback))
        else:
            found += _routes(route, entry)
    return found


def _is_public(view: object) -> bool:
    classes = getattr(getattr(view, "cls", None), "authentication_classes", None)
    return classes is not None and len(classes) == 0
