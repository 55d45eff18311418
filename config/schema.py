"""The OpenAPI document of the REST API, and the page that shows it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from config.handlers import read_only
from config.security_headers import REFERENCE_POLICY

SCHEMA_PATH = "/api/schema"


@read_only
def schema(request: HttpRequest) -> HttpResponse:
    """/api/schema: the same bytes as `docs/openapi.json`."""
    return HttpResponse(document(), content_type="application/json")


@cache
def document() -> bytes:
    """The OpenAPI 3.1 document. It is made once: it depends on the code alone."""
    generator = spectacular_settings.DEFAULT_GENERATOR_CLASS()
    found = generator.get_schema(request=None, public=True)
    return OpenApiJsonRenderer().render(found, renderer_context={})


class APIDocs(SpectacularSwaggerSplitView):
    """/api/docs: Swagger UI from our own files, without inline script or style."""

    authentication_classes = []
    permission_classes = [AllowAny]
    url = SCHEMA_PATH
    title = "Doorward API"
    template_name = "docs/api.html"
    template_name_js = "docs/api.js"

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response.headers["Content-Security-Policy"] = REFERENCE_POLICY
        return super().finalize_response(request, response, *args, **kwargs)
