"""The applications of the caller's organization."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import Endpoint, checked, found
from oauth import applications
from oauth.applications import Registration
from oauth.models import Application
from oauth.serializers import (
    ApplicationChange,
    ApplicationObject,
    ApplicationRequest,
    NewApplicationObject,
    RotationRequest,
)

TAGS = ["OAuth applications"]
MANAGING = ["applications_manage"]


def with_secret(application: Application, secret: str | None) -> dict[str, Any]:
    """The answer that shows the secret, if there is one, this once."""
    shown = {} if secret is None else {"client_secret": secret}
    return {**ApplicationObject(application).data, **shown}


class Applications(Endpoint, generics.ListAPIView[Application]):
    """The applications that are not deleted."""

    required = {"GET": MANAGING, "POST": MANAGING}
    live_only = True
    serializer_class = ApplicationObject
    queryset = Application.objects.none()

    def get_queryset(self) -> QuerySet[Application]:
        current = Application.objects.current()
        return current.filter(organization=self.credential.organization)

    @extend_schema(tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=ApplicationRequest, responses={201: NewApplicationObject}, tags=TAGS
    )
    def post(self, request: Request) -> Response:
        """Register an application. Its secret is in this one answer."""
        wish = Registration(**checked(ApplicationRequest, request))
        application, secret = applications.register(
            wish, maker=self.credential, by=self.actor
        )
        return Response(with_secret(application, secret), status.HTTP_201_CREATED)


class ApplicationEndpoint(Endpoint):
    """An endpoint about one application."""

    live_only = True

    def application(self, application_id: str) -> Application:
        current = Application.objects.current().filter(
            organization=self.credential.organization
        )
        joined = current.select_related("organization")
        row: Application = found(joined.with_public_id(application_id).first())
        return row


class ApplicationDetail(ApplicationEndpoint):
    """One application."""

    required = {"GET": MANAGING, "PATCH": MANAGING, "DELETE": MANAGING}
    refuses = {"PATCH": [409]}

    @extend_schema(responses=ApplicationObject, tags=TAGS)
    def get(self, request: Request, application_id: str) -> Response:
        return Response(ApplicationObject(self.application(application_id)).data)

    @extend_schema(request=ApplicationChange, responses=ApplicationObject, tags=TAGS)
    def patch(self, request: Request, application_id: str) -> Response:
        """Change it, never beyond what the caller holds, or turn it off and on."""
        application = self.application(application_id)
        changes = checked(ApplicationChange, request)
        application = applications.change(
            application, changes, changer=self.credential, by=self.actor
        )
        return Response(ApplicationObject(application).data)

    @extend_schema(responses={204: None}, tags=TAGS)
    def delete(self, request: Request, application_id: str) -> Response:
        """Delete it. Its tokens are refused from the answer on."""
        applications.delete(self.application(application_id), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SecretRotation(ApplicationEndpoint):
    """The secret of one application."""

    required = {"POST": MANAGING}
    refuses = {"POST": [409]}

    @extend_schema(request=RotationRequest, responses=NewApplicationObject, tags=TAGS)
    def post(self, request: Request, application_id: str) -> Response:
        """Make a new secret. It is in this one answer; the old one lives as told."""
        application = self.application(application_id)
        grace_seconds = checked(RotationRequest, request)["grace_seconds"]
        application, secret = applications.rotate_secret(
            application,
            grace_seconds=grace_seconds,
            holder=self.credential,
            by=self.actor,
        )
        return Response(with_secret(application, secret))
