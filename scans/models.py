"""Requests for a product's scanner. Running scans is the product's job."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Identified, Organization
from accounts.models.identified import IdentifiedQuerySet
from accounts.problems import Problem
from accounts.products import ENVIRONMENTS, LIVE, TEST

ENVIRONMENT_CHOICES = [(name, name) for name in ENVIRONMENTS]


class EnvironmentQuerySet(IdentifiedQuerySet[Any]):
    """Rows that live in one environment of one organization."""

    def seen_by(self, credential: Credential) -> Self:
        """Those of the credential's organization and environment."""
        return self.filter(
            organization=credential.organization, environment=credential.environment
        )

    def fetch(self, public_id: str, credential: Credential) -> Any | None:
        """The row. None: no such one in this organization. Raises Problem for the other
        environment, which is told apart because the caller may see both with other
        keys."""
        found = self.with_public_id(public_id)
        row = found.filter(organization=credential.organization).first()
        if row is not None and row.environment != credential.environment:
            words = {LIVE: "live", TEST: "sandbox"}
            raise Problem(
                "environment_mismatch",
                f"This is a {words[row.environment]} object and your credential is "
                f"{words[credential.environment]}.",
            )
        return row


class WorkspaceQuerySet(EnvironmentQuerySet):
    """Many workspaces."""

    def default_of(self, organization: Organization, environment: str) -> Workspace:
        """The default workspace. Made when it is first asked for, once."""
        workspace: Workspace = self.get_or_create(
            organization=organization,
            environment=environment,
            is_default=True,
            defaults={"name": "Default"},
        )[0]
        return workspace


class Workspace(Identified):
    """Where scans are kept. Each organization has a default one per environment."""

    prefix: ClassVar[str] = "ws"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="workspaces"
    )
    environment = models.CharField(max_length=4, choices=ENVIRONMENT_CHOICES)
    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"],
                condition=Q(is_default=True),
                name="one_default_workspace",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Scan(Identified):
    """One request for a scan: queued until the scanner takes it, or stopped."""

    prefix: ClassVar[str] = "scan"
    QUEUED, STOPPED = "queued", "stopped"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="scans"
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="scans"
    )
    environment = models.CharField(max_length=4, choices=ENVIRONMENT_CHOICES)
    scope = models.CharField(max_length=100)
    status = models.CharField(
        max_length=10, choices=[(QUEUED, QUEUED), (STOPPED, STOPPED)], default=QUEUED
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "environment", "-id"]),
        ]

    def __str__(self) -> str:
        return self.public_id

    def stop(self, *, by: Actor) -> None:
        """Stop it. A stopped scan stays as it is."""
        with transaction.atomic():
            queued = Scan.objects.filter(pk=self.pk, status=self.QUEUED)
            if queued.update(status=self.STOPPED):
                self.record("scan.stopped", by=by)
        self.status = self.STOPPED

    def record(self, action: str, *, by: Actor) -> None:
        audit.record(
            action, by=by, organization=self.organization, target=self.public_id
        )


def start(workspace: Workspace, scope: str, *, by: Actor) -> Scan:
    """Record a request for a scan."""
    with transaction.atomic():
        scan = Scan.objects.create(
            organization=workspace.organization,
            environment=workspace.environment,
            workspace=workspace,
            scope=scope,
        )
        scan.record("scan.requested", by=by)
    return scan
