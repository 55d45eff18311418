"""How much each credential was used, by day: numbers under opaque ids."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models

from ratelimits.counted import ORGANIZATION


class UsageQuerySet(models.QuerySet["Usage"]):
    """Many rows."""

    def between(self, first: date, last: date) -> Self:
        """Of these days and those between them."""
        return self.filter(day__gte=first, day__lte=last)

    def of_credentials(self) -> Self:
        """Without the rows that sum up an organization."""
        return self.exclude(kind=ORGANIZATION)

    def of_organizations(self) -> Self:
        """Only the rows that sum up an organization."""
        return self.filter(kind=ORGANIZATION)


class Usage(models.Model):
    """One credential, or one organization as a whole, in one environment on one UTC
    day.

    The ids are opaque here: whoever counts knows what they name. `charged` is what
    counted against the day's quota, the other numbers are requests. `details` counts
    them by name in groups: endpoints, statuses, addresses, agents.
    """

    credential = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    organization = models.CharField(max_length=40)
    environment = models.CharField(max_length=4)
    day = models.DateField()
    charged = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    allowed = models.BigIntegerField(default=0)
    limited = models.BigIntegerField(default=0)
    insufficient_scope = models.BigIntegerField(default=0)
    ip_not_allowed = models.BigIntegerField(default=0)
    environment_mismatch = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    revoked = models.BigIntegerField(default=0)
    disabled = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    details = models.JSONField(default=dict)

    objects = UsageQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "usage"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["credential", "day", "environment"], name="one_usage_a_day"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "day"], name="usage_of_organization"),
            models.Index(fields=["day"], name="usage_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.credential} on {self.day}"
