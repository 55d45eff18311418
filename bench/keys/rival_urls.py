"""An open address, and the same behind drf-api-key and behind knox."""

from __future__ import annotations

from django.urls import path
from knox.auth import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_api_key.permissions import HasAPIKey


class Open(APIView):
    """For anybody."""

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class WithKey(Open):
    """For who has a key of drf-api-key."""

    permission_classes = (HasAPIKey,)


class WithToken(Open):
    """For who has a token of knox."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)


urlpatterns = [
    path("open", Open.as_view()),
    path("drf-api-key", WithKey.as_view()),
    path("knox", WithToken.as_view()),
]
