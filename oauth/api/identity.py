"""Who the person behind a token is, and what this server can do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.credentials import OAUTH
from accounts.endpoints import Endpoint
from accounts.permissions import insufficient_scope
from oauth import jwts, metadata
from oauth.protocol import with_cors

READ = "GET, HEAD, OPTIONS"


class UserInfo(Endpoint):
    """Claims about the person who let the application in (OpenID Connect Core 5.3)."""

    cross_origin = "GET, POST, OPTIONS"

    def check_permissions(self, request: Request) -> None:
        # A browser asks ahead without a credential whether a page may call.
        if request.method != "OPTIONS":
            super().check_permissions(request)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return self._claims()

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        return self._claims()

    def _claims(self) -> Response:
        credential = self.credential
        user = credential.user
        is_token = credential.kind == OAUTH
        if not is_token or user is None or "openid" not in credential.scopes:
            raise insufficient_scope(credential, "openid")
        about = jwts.person_claims(user, credential.organization, credential.scopes)
        return Response({"sub": user.public_id, **about})


@csrf_exempt
def server_metadata(request: HttpRequest) -> HttpResponse:
    """RFC 8414 3 and OpenID Connect Discovery 4: the same document under both names."""
    return _document(request, metadata.server_metadata())


@csrf_exempt
def resource_metadata(request: HttpRequest) -> HttpResponse:
    """RFC 9728 3."""
    return _document(request, metadata.resource_metadata())


def _document(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    # The door opens only what it limits to other sites; /.well-known/ is outside that.
    if request.method == "OPTIONS":
        return with_cors(HttpResponse(status=204), READ)
    if request.method not in ("GET", "HEAD"):
        refusal = JsonResponse({"error": "invalid_request"}, status=405)
        refusal.headers["Allow"] = READ
        return with_cors(refusal, READ)
    response = JsonResponse(document)
    response.headers["Cache-Control"] = "public, max-age=300"
    return with_cors(response, READ)
