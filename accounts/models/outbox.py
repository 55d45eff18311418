"""What is to be told to others, written with the change that it tells of."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.identified import Identified, IdentifiedQuerySet
from accounts.models.people import Organization

MOST_ERROR_CHARACTERS = 200


class OutboxQuerySet(IdentifiedQuerySet["OutboxMessage"]):
    """Many messages."""

    def due(self) -> Self:
        """Those whose time has come and that no process has in hand."""
        now = timezone.now()
        return self.filter(
            Q(leased_until=None) | Q(leased_until__lte=now),
            delivered_at=None,
            failed_at=None,
            next_attempt_at__lte=now,
        )


class OutboxMessage(Identified):
    """One message to one receiver. `kind` says who delivers it; the payload is sealed.

    `leased_until`: until then one process has it in hand. A message ends as delivered
    or, after its last attempt, as failed.
    """

    prefix: ClassVar[str] = "msg"

    kind = models.CharField(max_length=40)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sealed_payload = models.BinaryField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(
        max_length=MOST_ERROR_CHARACTERS, blank=True, editable=False
    )

    objects = OutboxQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(delivered_at=None, failed_at=None),
                name="outbox_waiting",
            ),
            models.Index(
                fields=["delivered_at"],
                condition=Q(delivered_at__isnull=False),
                name="outbox_delivered",
            ),
            models.Index(
                fields=["failed_at"],
                condition=Q(failed_at__isnull=False),
                name="outbox_failed",
            ),
        ]

    @property
    def context(self) -> str:
        """What the sealed payload is bound to."""
        return f"outbox:{self.public_id}"
