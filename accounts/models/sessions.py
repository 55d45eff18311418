"""Sessions: one sign-in is one row is one family of refresh tokens."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models.identified import Identified, IdentifiedQuerySet
from accounts.models.people import Membership


class SessionQuerySet(IdentifiedQuerySet["Session"]):
    """Many sign-ins."""

    def with_people(self) -> Self:
        """Joined with everything that decides whether a session is alive: one query."""
        return self.select_related("membership__user", "membership__organization")

    def alive(self) -> Self:
        """What `Session.is_alive` says, in SQL."""
        return self.filter(
            ended_at=None,
            expires_at__gt=timezone.now(),
            authenticated_at__gte=F("membership__user__credentials_valid_from"),
            membership__in=Membership.objects.usable(),
        )

    def end(self, reason: str) -> int:
        """End those that are still open. The answer is how many."""
        return self.filter(ended_at=None).update(
            ended_at=timezone.now(), end_reason=reason, sealed_successor=None
        )


class Session(Identified):
    """One sign-in of one person in one organization.

    A browser's has no refresh family. `expires_at` is the absolute end (of a browser's:
    of its cookie), `refresh_expires_at` the idle one. `factors` are RFC 8176 words.
    `second_step_at`: when a second factor was last used in it, at sign-in or later;
    `confirmed_at`: when the person last showed by password or passkey that it is them.
    """

    prefix: ClassVar[str] = "ses"

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="sessions"
    )
    is_browser = models.BooleanField(default=False)
    factors = models.JSONField(default=list)
    authenticated_at = models.DateTimeField(default=timezone.now)
    second_step_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    user_agent = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)
    last_used_at = models.DateTimeField(default=timezone.now)
    last_used_ip = models.CharField(max_length=45, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=40, blank=True)

    # The family: digests of the newest refresh token and of the one before it, and the
    # newest pair sealed under the one before it, so that a lost answer can be given
    # again.
    refresh_digest = models.BinaryField(max_length=32, null=True, editable=False)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    previous_digest = models.BinaryField(max_length=32, null=True, editable=False)
    rotated_at = models.DateTimeField(null=True, blank=True)
    sealed_successor = models.BinaryField(null=True, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["membership", "ended_at"]),
            models.Index(Coalesce("ended_at", "expires_at"), name="session_over"),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False),
                name="session_ended",
            ),
        ]

    def is_alive(self, now: datetime) -> bool:
        """Wants membership, user and organization loaded (`with_people`)."""
        user = self.membership.user
        return (
            self.ended_at is None
            and now < self.expires_at
            and self.authenticated_at >= user.credentials_valid_from
            and self.membership.is_usable
        )
