"""Keys that nobody uses: told of a week ahead, then disabled, where a policy asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.audit import SYSTEM
from apikeys import notices, states
from apikeys.models import ApiKey, KeyNotice, KeyPolicy, policy_of
from apikeys.notices import News

IDLE = "idle"
# Between the notice that arrived and the end.
NOTICE = timedelta(days=7)
AT_ONCE = 100


def look() -> int:
    """Tell of keys that have been idle for long, and disable those whose time is over.
    The answer is how many it did something about."""
    notices.follow_up([IDLE], _still_due)
    done = 0
    for policy in KeyPolicy.objects.filter(
        idle_days__isnull=False, organization__is_active=True
    ).select_related("organization"):
        done += sum(map(_end, _over(policy)[:AT_ONCE]))
        done += sum(map(_tell, _unused(policy)[:AT_ONCE]))
    return done


def idle_since(api_key: ApiKey) -> datetime:
    """Its last use; of a key that was never used, when it was made."""
    return api_key.last_used_at or api_key.created_at


def ends_at(api_key: ApiKey, days: int, now: datetime) -> datetime:
    """When it will be disabled if it stays unused: never less than a week from now."""
    return max(idle_since(api_key) + timedelta(days=days), now + NOTICE)


def _idle(policy: KeyPolicy, edge: datetime) -> QuerySet[ApiKey]:
    living = ApiKey.objects.live().filter(organization=policy.organization)
    since = living.annotate(idle_since=Coalesce("last_used_at", "created_at"))
    found = since.filter(idle_since__lte=edge).select_related("organization")
    return found.order_by("idle_since")


def _unused(policy: KeyPolicy) -> QuerySet[ApiKey]:
    """Those that a week is left to, or less, and that nobody was told of."""
    edge = timezone.now() - timedelta(days=policy.idle_days or 0) + NOTICE
    edge = min(edge, timezone.now())
    return _idle(policy, edge).exclude(notices.told_of(IDLE, "idle_since"))


def _over(policy: KeyPolicy) -> QuerySet[ApiKey]:
    """Those that were unused for so long, and of which somebody has heard for a week.
    Without a notice that arrived they stay as they are."""
    now = timezone.now()
    idle = _idle(policy, now - timedelta(days=policy.idle_days or 0))
    heard = KeyNotice.objects.filter(
        api_key=OuterRef("pk"),
        milestone=IDLE,
        about=OuterRef("idle_since"),
        told_at__lte=now - NOTICE,
    )
    return idle.filter(Exists(heard))


def _tell(api_key: ApiKey) -> bool:
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        days = _days(api_key)
        if days is None:
            return False
        end = ends_at(api_key, days, timezone.now())
        details = {"idle_since": idle_since(api_key), "disabled_from": end}
        news = News("api_key.idle", IDLE, idle_since(api_key), "key_idle", details)
        return notices.tell(api_key, news)


def _end(api_key: ApiKey) -> bool:
    """Its notices go with it: a key that is enabled again is told of anew."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        days, now = _days(api_key), timezone.now()
        since = idle_since(api_key)
        told = KeyNotice.objects.filter(api_key=api_key, milestone=IDLE, about=since)
        heard = told.filter(told_at__lte=now - NOTICE).exists()
        if days is None or not heard or since + timedelta(days=days) > now:
            return False
        states.disable(api_key, by=SYSTEM, reason=IDLE, idle_since=since)
        told.delete()
    return True


def _days(api_key: ApiKey) -> int | None:
    """What the policy says of a living key; none where it says nothing."""
    if api_key.status != "active":
        return None
    return policy_of(api_key.organization).idle_days


def _still_due(notice: KeyNotice) -> bool:
    api_key = notice.api_key
    return _days(api_key) is not None and notice.about == idle_since(api_key)
