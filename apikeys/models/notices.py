"""What was told about a key, and from which networks it was used."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import OutboxMessage
from apikeys.models.keys import ApiKey


class KeyNotice(models.Model):
    """One thing told to one recipient about a key: `milestone` of the moment `about`.

    `told_at` is set after the delivery, never before. A moved expiry is another moment,
    so it is told anew.
    """

    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="notices"
    )
    milestone = models.CharField(max_length=20)
    about = models.DateTimeField()
    recipient = models.CharField(max_length=300)
    message = models.ForeignKey(
        OutboxMessage, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["api_key", "milestone", "about", "recipient"],
                name="one_notice_each",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                condition=Q(told_at=None),
                name="notice_not_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone} of {self.api_key_id}"


class KeyNetwork(models.Model):
    """A network that a key was used from: a /24 of IPv4, a /48 of IPv6."""

    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="networks"
    )
    network = models.CharField(max_length=43)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["api_key", "network"], name="one_row_a_network"
            ),
        ]

    def __str__(self) -> str:
        return self.network
