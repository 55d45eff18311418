"""Telling that a key is about to expire: 30, 7 and 1 days before, and when it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apikeys import notices
from apikeys.models import ApiKey, KeyNotice
from apikeys.notices import News

# In days before the end. Only the smallest that is reached is told.
MILESTONES = (1, 7, 30)
ENDED = "expired"
# What ended longer ago is no news: a first start must not tell of years.
RECENT = timedelta(days=7)
# As long as one run may go on for each milestone; the next one continues.
SECONDS = 1.0
AT_ONCE = 10
# How many keys near their end one run looks at for each milestone. Where there are
# more, this process remembers up to which end it came.
MOST_LOOKED_AT = 5000
_reached: dict[int, datetime] = {}


def announce() -> int:
    """Queue what is due. The answer is for how many keys. Any number of processes may
    do it at once."""
    milestones = [*map(str, MILESTONES), ENDED]
    notices.follow_up(milestones, _still_due)
    told = 0
    for days in MILESTONES:
        stretch, end = _stretch(days)
        count, is_done = _tell_all(stretch, _expiring)
        told += count
        if end is not None and is_done:
            _reached[days] = end
    return told + _tell_all(_ended(), _expired)[0]


def milestone(api_key: ApiKey, now: datetime) -> int | None:
    """The smallest that a living key has reached, in days."""
    if api_key.expires_at is None or api_key.status != "active":
        return None
    left = api_key.expires_at - now
    reached = (days for days in MILESTONES if left <= timedelta(days=days))
    return next(reached, None)


def _tell_all(
    due: QuerySet[ApiKey], news_of: Callable[[ApiKey], News | None]
) -> tuple[int, bool]:
    """By the slice. The answer is of how many keys, and whether there was time for
    all. Whose keys were in a slice waits for those whose were not: many keys of one
    organization keep no other from hearing of its own."""
    until = time.monotonic() + SECONDS
    told, had_turn = 0, set[UUID]()
    while time.monotonic() < until:
        others = due.exclude(organization__in=had_turn)
        slice_ = list(others.select_related("organization")[:AT_ONCE])
        told += sum(_tell(api_key, news_of) for api_key in slice_)
        if len(slice_) == AT_ONCE:
            had_turn |= {api_key.organization_id for api_key in slice_}
        elif had_turn:
            had_turn.clear()
        else:
            return told, True
    return told, False


def _tell(api_key: ApiKey, news_of: Callable[[ApiKey], News | None]) -> bool:
    with transaction.atomic():
        # It may have been changed, or told of, since it was found.
        api_key = ApiKey.objects.locked(api_key)
        news = news_of(api_key)
        return news is not None and notices.tell(api_key, news)


def _stretch(days: int) -> tuple[QuerySet[ApiKey], datetime | None]:
    """The keys of one run that nobody was told of, and up to which end it goes if not
    to the last one."""
    near = _near(days).filter(expires_at__gt=_reached.pop(days, timezone.now()))
    ends = near.values_list("expires_at", flat=True)
    end = ends[MOST_LOOKED_AT : MOST_LOOKED_AT + 1].first()
    if end is not None:
        near = near.filter(expires_at__lte=end)
    return near.exclude(notices.told_of(str(days), "expires_at")), end


def _near(days: int) -> QuerySet[ApiKey]:
    """Living keys whose smallest milestone is this one. An index leads to them; keys
    that do not expire soon are not looked at."""
    now = timezone.now()
    smaller = max((each for each in MILESTONES if each < days), default=0)
    return ApiKey.objects.filter(
        expires_at__gt=now + timedelta(days=smaller),
        expires_at__lte=now + timedelta(days=days),
        revoked_at=None,
        disabled_at=None,
        organization__is_active=True,
    ).order_by("expires_at")


def _ended() -> QuerySet[ApiKey]:
    now = timezone.now()
    rows = ApiKey.objects.filter(
        expires_at__gt=now - RECENT, expires_at__lte=now, revoked_at=None
    )
    return rows.exclude(notices.told_of(ENDED, "expires_at")).order_by("expires_at")


def _expiring(api_key: ApiKey) -> News | None:
    days = milestone(api_key, timezone.now())
    if days is None or api_key.expires_at is None:
        return None
    return News(
        event="api_key.expiring",
        milestone=str(days),
        about=api_key.expires_at,
        template="key_expiring",
        details={"milestone_days": days},
    )


def _expired(api_key: ApiKey) -> News | None:
    if api_key.expires_at is None or api_key.status != "expired":
        return None
    return News(event="api_key.expired", milestone=ENDED, about=api_key.expires_at)


def _still_due(notice: KeyNotice) -> bool:
    """Whether the key's expiry has not moved, and no later notice takes its place."""
    api_key = notice.api_key
    if notice.about != api_key.expires_at:
        return False
    if notice.milestone == ENDED:
        return api_key.status == "expired"
    return str(milestone(api_key, timezone.now())) == notice.milestone
