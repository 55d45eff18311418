"""Rows that nobody can use any more: which they are, and how they go.

They go by the slice, so that no statement holds a table for long, and without being
loaded: what a slice costs does not depend on how much waits behind it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import (
    IdempotentAnswer,
    Invitation,
    OutboxMessage,
    PasswordReset,
    SeenOnce,
    Session,
    TrustedBrowser,
    UsageAlert,
    WebhookDelivery,
)
from oauth.models import (
    AccessToken,
    Consent,
    DeviceGrant,
    Grant,
    PushedRequest,
    RefreshToken,
)
from ratelimits.models import Usage

LARGE_SLICE = 10_000
SWEEP_SECONDS = 1.0
# Long enough for a request that is on its way, and for a client to hear that its token
# has expired, and not that it is unknown.
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Over:
    """Rows of one kind. `by` says when each was over, `kept` for how long it is kept
    then.

    An index leads to `by`. What refers to such a row is set to null where its model
    says so; else the row waits until that is gone.
    """

    name: str
    rows: models.QuerySet[Any]
    by: str
    kept: timedelta

    def at(self, now: datetime) -> models.QuerySet[Any]:
        """The rows to delete, the longest over first."""
        over = self.rows.filter(**{f"{self.by}__lt": now - self.kept})
        return over.order_by(self.by)

    def delete(self, now: datetime, most: int) -> Iterator[int]:
        """Delete at most `most` of them at a time. Tells how many, after each commit.

        Each slice begins where the one before ended: PostgreSQL's index leads to
        deleted rows for a while, and looking for the oldest would walk over all.
        """
        rest = self.at(now)
        while edge := rest.values_list(self.by)[most : most + 1].first():
            older = rest.filter(**{f"{self.by}__lt": edge[0]})
            yield _delete(older) or _delete(_some(rest, most))
            rest = self.at(now).filter(**{f"{self.by}__gte": edge[0]})
        yield _delete(rest)


PRUNED = [
    Over("seen_once", SeenOnce.objects.all(), "expires_at", timedelta(0)),
    Over("idempotent_answers", IdempotentAnswer.objects.all(), "created_at", 30 * DAY),
    Over("password_resets", PasswordReset.objects.all(), "expires_at", DAY),
    Over("trusted_browsers", TrustedBrowser.objects.all(), "expires_at", DAY),
    Over(
        "sessions",
        Session.objects.annotate(over_at=Coalesce("ended_at", "expires_at")),
        "over_at",
        30 * DAY,
    ),
    Over(
        "invitations",
        Invitation.objects.filter(accepted_at=None),
        "expires_at",
        30 * DAY,
    ),
    Over("webhook_deliveries", WebhookDelivery.objects.all(), "created_at", 30 * DAY),
    Over("delivered_messages", OutboxMessage.objects.all(), "delivered_at", 7 * DAY),
    Over("failed_messages", OutboxMessage.objects.all(), "failed_at", 30 * DAY),
    # What refers to the next comes before it.
    Over("access_tokens", AccessToken.objects.all(), "expires", HOUR),
    # A used one expires with its authorization, so its reuse is noticed until then.
    Over("refresh_tokens", RefreshToken.objects.all(), "expires", HOUR),
    Over("device_codes", DeviceGrant.objects.all(), "expires", HOUR),
    Over("pushed_requests", PushedRequest.objects.all(), "expires", HOUR),
    Over("authorizations", Grant.objects.all(), "expires", HOUR),
    Over("usage", Usage.objects.all(), "day", 400 * DAY),
    Over("usage_alerts", UsageAlert.objects.all(), "created_at", 2 * DAY),
    Over("withdrawn_consents", Consent.objects.all(), "withdrawn_at", 90 * DAY),
]


def waiting() -> dict[str, int]:
    """How many rows `prune` would delete now, by name."""
    now = timezone.now()
    return {over.name: over.at(now).count() for over in PRUNED}


def slice(most: int = 1000) -> dict[str, int]:
    """Delete at most so many rows of each kind. The answer is how many went."""
    now = timezone.now()
    return {over.name: next(over.delete(now, most)) for over in PRUNED}


def sweep(most: int = 1000) -> dict[str, int]:
    """What the server does now and then: slices, as long as one of them was full, for a
    second."""
    until = time.monotonic() + SWEEP_SECONDS
    gone = slice(most)
    last = gone
    while most in last.values() and time.monotonic() < until:
        last = slice(most)
        gone = {name: gone[name] + last[name] for name in gone}
    return gone


def prune() -> Iterator[tuple[str, int]]:
    """Delete them all. Tells after each slice, once it is committed, how many went."""
    now = timezone.now()
    for over in PRUNED:
        for deleted in over.delete(now, LARGE_SLICE):
            yield over.name, deleted


def relations(table: type[models.Model]) -> list[models.ManyToOneRel]:
    """The foreign keys to a table, also those that it does not know by name."""
    fields = table._meta.get_fields(include_hidden=True)
    return [field for field in fields if isinstance(field, models.ManyToOneRel)]


def _some(over: models.QuerySet[Any], most: int) -> models.QuerySet[Any]:
    """A part of those that were over at the very same moment."""
    return over.filter(pk__in=list(over.values_list("pk", flat=True)[:most]))


@transaction.atomic
def _delete(over: models.QuerySet[Any]) -> int:
    """One statement. What Django does about foreign keys is left to us."""
    for relation in relations(over.model):
        rows = relation.related_model._base_manager
        if relation.on_delete is models.SET_NULL:
            name = relation.field.name
            rows.filter(**{f"{name}__in": over.values("pk")}).update(**{name: None})
    # None where another process took them all.
    return _unreferenced(over)._raw_delete(DEFAULT_DB_ALIAS) or 0


def _unreferenced(over: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Those that no other row needs; the rest wait for a later slice."""
    for relation in relations(over.model):
        if relation.on_delete is not models.SET_NULL:
            rows = relation.related_model._base_manager
            needing = rows.filter(**{relation.field.name: models.OuterRef("pk")})
            over = over.filter(~models.Exists(needing))
    return over
