"""The scan endpoints of both guides."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import Endpoint, checked, found, query_of
from accounts.problems import Problem
from scans.models import Scan, Workspace, start
from scans.serializers import ScanObject, ScanQuery, ScanRequest, WorkspaceObject


class Scans(Endpoint, generics.ListAPIView[Scan]):
    """Requests for scans, newest first."""

    required = {"GET": ["scans_read"], "POST": ["scans_write"]}
    serializer_class = ScanObject
    queryset = Scan.objects.none()

    def get_queryset(self) -> QuerySet[Scan]:
        filters = ScanQuery(data=query_of(self.request))
        filters.is_valid(raise_exception=True)
        wanted = dict(filters.validated_data)
        if "workspace_id" in wanted:
            wanted["workspace"] = self.workspace(wanted.pop("workspace_id"))
        seen = Scan.objects.seen_by(self.credential).filter(**wanted)
        return seen.select_related("workspace")

    @extend_schema(parameters=[ScanQuery], tags=["scans"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=ScanRequest, responses={201: ScanObject}, tags=["scans"])
    def post(self, request: Request) -> Response:
        """Ask for a scan. The product's scanner takes it from here."""
        wish = checked(ScanRequest, request)
        credential = self.credential
        if "workspace_id" in wish:
            workspace = self.workspace(wish["workspace_id"])
        else:
            workspace = Workspace.objects.default_of(
                credential.organization, credential.environment
            )
        scan = start(workspace, wish["scope"], by=self.actor)
        return Response(ScanObject(scan).data, status.HTTP_201_CREATED)

    def workspace(self, public_id: str) -> Workspace:
        workspace: Workspace | None = Workspace.objects.fetch(
            public_id, self.credential
        )
        if workspace is None:
            raise Problem.invalid(
                "workspace_id", "Use an id that GET /api/v1/workspaces lists."
            )
        return workspace


class ScanDetail(Endpoint):
    """One scan."""

    required = {"GET": ["scans_read"]}

    @extend_schema(responses=ScanObject, tags=["scans"])
    def get(self, request: Request, scan_id: str) -> Response:
        return Response(
            ScanObject(found(Scan.objects.fetch(scan_id, self.credential))).data
        )


class ScanStop(Endpoint):
    """The end of one scan."""

    required = {"POST": ["scans_write"]}

    @extend_schema(request=None, responses=ScanObject, tags=["scans"])
    def post(self, request: Request, scan_id: str) -> Response:
        """Stop it. A stopped scan stays as it is."""
        scan = found(Scan.objects.fetch(scan_id, self.credential))
        scan.stop(by=self.actor)
        return Response(ScanObject(scan).data)


class Workspaces(Endpoint, generics.ListAPIView[Workspace]):
    """Where scans of this environment are kept."""

    required = {"GET": ["scans_read"]}
    serializer_class = WorkspaceObject
    queryset = Workspace.objects.none()

    def get_queryset(self) -> QuerySet[Workspace]:
        credential = self.credential
        Workspace.objects.default_of(credential.organization, credential.environment)
        return Workspace.objects.seen_by(credential)

    @extend_schema(tags=["scans"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
