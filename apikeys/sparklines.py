"""How often each of some keys was used in the last days: one query for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from apikeys.models import ApiKey
from ratelimits.models import Usage

DAYS = 30


def of(api_keys: Iterable[ApiKey]) -> dict[str, list[int]]:
    """Requests by UTC day, the oldest first, by the public id of the key."""
    today = timezone.now().date()
    counts = {api_key.public_id: [0] * DAYS for api_key in api_keys}
    rows = Usage.objects.between(today - timedelta(days=DAYS - 1), today)
    rows = rows.filter(credential__in=list(counts))
    for credential, day, requests in rows.values_list("credential", "day", "requests"):
        counts[credential][(day - today).days - 1] += requests
    return counts
