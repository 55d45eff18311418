"""Every address of Doorward."""

from __future__ import annotations

from functools import cache

from django.contrib import admin
from django.urls import URLPattern, get_resolver, include, path
from django.urls.resolvers import URLResolver
from django.views.generic import RedirectView

import accounts.urls
import apikeys.urls
import gateway.urls
import oauth.urls
import scans.urls
from config import handlers, health, schema
from config.metrics import metrics

API = "api/v1/"

urlpatterns = [
    path(API, include(accounts.urls.endpoints)),
    path(API, include(apikeys.urls.endpoints)),
    path(API, include(gateway.urls.endpoints)),
    path(API, include(oauth.urls.endpoints)),
    path(API, include(scans.urls.endpoints)),
    path("oauth/", include(oauth.urls.engine)),
    path("api/v1/auth/oauth2/", include(oauth.urls.engine)),
    path("api/schema", schema.schema, name="schema"),
    path("api/docs", schema.APIDocs.as_view(), name="docs"),
    path("docs/problems", handlers.problems_page, name="problems"),
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/doorward.svg")),
    *oauth.urls.well_known,
    *accounts.urls.pages,
    *apikeys.urls.pages,
    *oauth.urls.settings_pages,
]

handler400 = handlers.bad_request
handler403 = handlers.permission_denied
handler404 = handlers.not_found
handler500 = handlers.server_error


@cache
def public_paths() -> frozenset[str]:
    """The addresses whose view declares that it looks at no credential."""
    return frozenset(
        f"/{route}" for route, view in _routes("", get_resolver()) if _is_public(view)
    )


@cache
def uncharged_paths() -> dict[str, tuple[str, ...]]:
    """The addresses whose view declares that asking it costs nothing of a plan, with
    the capabilities that it costs nothing for."""
    declared = (
        (f"/{route}", getattr(view, "cls", view))
        for route, view in _routes("", get_resolver())
    )
    return {
        address: tuple(getattr(view, "required", {}).get("POST", ()))
        for address, view in declared
        if getattr(view, "is_uncharged", False)
    }


@cache
def cross_origin_paths() -> dict[str, str]:
    """The addresses that pages of other sites may ask, with the methods for it."""
    declared = (
        (f"/{route}", getattr(getattr(view, "cls", view), "cross_origin", None))
        for route, view in _routes("", get_resolver())
    )
    return {address: methods for address, methods in declared if methods}


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
    if getattr(view, "is_public", False):
        return True
    classes = getattr(getattr(view, "cls", None), "authentication_classes", None)
    return classes is not None and len(classes) == 0
