"""A person's own sign-ins: list them, end one, end all others."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import sessions
from accounts.endpoints import Endpoint, found
from accounts.models import Session
from accounts.serializers import SessionObject


class Sessions(Endpoint, generics.ListAPIView[Session]):
    """The caller's sessions that are alive."""

    person_only = True
    serializer_class = SessionObject
    queryset = Session.objects.none()

    def get_queryset(self) -> QuerySet[Session]:
        return sessions.open_sessions(self.person)

    @extend_schema(tags=["sessions"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=None, responses={204: None}, tags=["sessions"])
    def delete(self, request: Request) -> Response:
        """End all other sessions of the caller."""
        sessions.end_all(
            self.person,
            reason="signed_out_elsewhere",
            by=self.actor,
            keep=self.credential.id,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionDetail(Endpoint):
    """One session of the caller."""

    person_only = True

    @extend_schema(responses={204: None}, tags=["sessions"])
    def delete(self, request: Request, session_id: str) -> Response:
        """End it. Its tokens are refused from the answer on."""
        own = sessions.open_sessions(self.person).with_public_id(session_id)
        sessions.end(found(own.first()), reason="signed_out_elsewhere", by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
