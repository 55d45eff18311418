"""What happened, and the keys that sign our tokens."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.identified import Identified
from accounts.models.people import Organization


class AuditEvent(Identified):
    """One change: who did what to what, from where. Rows are added, never changed.

    `actor` and `target` are public ids as text, so an event outlives what it names.
    """

    prefix: ClassVar[str] = "evt"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    credential = models.CharField(max_length=60, blank=True)
    target = models.CharField(max_length=60, blank=True)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"]),
            # The trail of one object, on its page.
            models.Index(fields=["organization", "target", "-id"], name="audit_trail"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class UsageAlert(models.Model):
    """A mail about a credential that used up so much of its daily quota: one a day."""

    credential = models.CharField(max_length=60)
    day = models.DateField()
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["credential", "day", "percent"], name="one_alert_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.credential} on {self.day}"


class SigningKey(models.Model):
    """A key of the JWKS. `kid` is the RFC 7638 thumbprint; the private part is sealed.

    next: published, so that everyone knows it before its first signature. active:
    signs. retired: verifies until `expires_at`, when the longest token it signed has
    ended. Each algorithm has one next and one active key.
    """

    NEXT, ACTIVE, RETIRED = "next", "active", "retired"
    RS256, ES256 = "RS256", "ES256"

    kid = models.CharField(max_length=43, primary_key=True)
    algorithm = models.CharField(
        max_length=10,
        choices=[(algorithm, algorithm) for algorithm in (RS256, ES256)],
        default=RS256,
    )
    state = models.CharField(
        max_length=10, choices=[(state, state) for state in (NEXT, ACTIVE, RETIRED)]
    )
    public_jwk = models.JSONField()
    sealed_private = models.BinaryField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["algorithm", "state"],
                condition=Q(state__in=["next", "active"]),
                name="one_key_of_each_algorithm_and_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kid} ({self.state})"


class SeenOnce(models.Model):
    """The digest of something that works once. The row may go when it has expired."""

    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    expires_at = models.DateTimeField(db_index=True, editable=False)

    def __str__(self) -> str:
        return f"{bytes(self.digest).hex()} until {self.expires_at}"


class IdempotentAnswer(models.Model):
    """What was answered to a request with an Idempotency-Key.

    `digest` names the caller, the address and the key; `fingerprint` the body,
    `target` the object that was answered. The answer is sealed, and forgotten long
    before the row.
    """

    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    fingerprint = models.BinaryField(max_length=32, editable=False)
    target = models.CharField(max_length=60, editable=False)
    sealed_answer = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(
        default=timezone.now, db_index=True, editable=False
    )

    class Meta:
        indexes: ClassVar = [
            # Of those that still have an answer to be forgotten.
            models.Index(
                fields=["created_at"],
                condition=Q(sealed_answer__isnull=False),
                name="answer_not_forgotten",
            ),
        ]

    def __str__(self) -> str:
        return f"{bytes(self.digest).hex()} of {self.created_at}"
