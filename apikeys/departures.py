"""What becomes of keys when their person leaves, or rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count

from accounts.audit import Actor
from accounts.credentials import Departure, Held
from accounts.models import Membership
from apikeys import events
from apikeys.models import ApiKey
from apikeys.models.keys import ApiKeyQuerySet


def departure(membership: Membership) -> Departure:
    """The keys that would stop, and those that the organization keeps without anybody
    who answers for them. Newest first."""
    return Departure(
        personal=[_held(api_key) for api_key in _shown(_personal(membership))],
        kept=[_held(api_key) for api_key in _shown(_answered_for(membership))],
    )


def counts(memberships: Iterable[UUID]) -> dict[UUID, int]:
    """How many keys `departure` would list, by membership; without those that have
    none."""
    wanted = list(memberships)
    lasting: Any = ApiKey.objects.lasting()
    personal = lasting.filter(membership__in=wanted).values_list("membership")
    kept = lasting.filter(membership=None, contact__in=wanted).values_list("contact")
    found: Counter[UUID] = Counter()
    # Two statements: for one of both columns at once no index would do.
    for rows in (personal, kept):
        found.update(dict(rows.annotate(Count("pk"))))
    return dict(found)


def left(membership: Membership, reason: str, *, by: Actor) -> int:
    """Tell of each key that stops or loses its contact. The answer is how many stop.

    They have stopped already: each request asks for the membership. Who is only
    deactivated may come back, and their keys with them; who is removed may not.
    """
    stopped = list(_personal(membership).select_related("organization"))
    kept = list(_answered_for(membership).select_related("organization"))
    events.record_each("api_key.stopped", stopped, by=by, reason=reason)
    events.record_each("api_key.orphaned", kept, by=by, reason=reason)
    if membership.removed_at is not None:
        return ApiKey.objects.filter(membership=membership).revoke(reason)
    return len(stopped)


def _personal(membership: Membership) -> ApiKeyQuerySet:
    return ApiKey.objects.lasting().filter(membership=membership)


def _answered_for(membership: Membership) -> ApiKeyQuerySet:
    return ApiKey.objects.lasting().filter(membership=None, contact=membership)


def _shown(rows: ApiKeyQuerySet) -> ApiKeyQuerySet:
    return rows.prefetch_related("secrets").order_by("-pk")


def _held(api_key: ApiKey) -> Held:
    return Held(
        id=api_key.public_id,
        name=api_key.name,
        hint=api_key.hint,
        last_used_at=api_key.last_used_at,
        last_used_ip=api_key.last_used_ip,
    )
