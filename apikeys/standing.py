"""How a key stands, in one word, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apikeys import undo
from apikeys.models import ApiKey

GOOD, PLAIN, WARN, BAD = "good", "plain", "warn", "bad"
SOON = timedelta(days=7)
UNUSED_DAYS = 90
UNUSED = timedelta(days=UNUSED_DAYS)
Holds = Callable[[ApiKey, datetime], bool]


@dataclass(frozen=True, slots=True)
class Standing:
    """`tone` chooses the colour. `advice` is empty where nothing is to be done."""

    tone: str
    word: str | Promise
    advice: str | Promise = ""


ACTIVE = Standing(GOOD, _("Active"))


def of(api_key: ApiKey) -> Standing:
    """The first that holds. Wants its people loaded, and `secrets` prefetched in
    lists."""
    now = timezone.now()
    return next((told for told, holds in STANDINGS if holds(api_key, now)), ACTIVE)


def _has_stopped(api_key: ApiKey, _now: datetime) -> bool:
    """Its owner works here no longer."""
    return api_key.membership is not None and api_key.membership.status != "active"


def _ends_soon(api_key: ApiKey, now: datetime) -> bool:
    return api_key.expires_at is not None and api_key.expires_at - now <= SOON


def _is_unused(api_key: ApiKey, now: datetime) -> bool:
    return now - (api_key.last_used_at or api_key.created_at) >= UNUSED


STANDINGS: tuple[tuple[Standing, Holds], ...] = (
    (
        Standing(BAD, _("Revoked"), _("It can be restored.")),
        lambda key, _now: not undo.why_not(key),
    ),
    (Standing(BAD, _("Revoked")), lambda key, _now: key.revoked_at is not None),
    (
        Standing(BAD, _("Expired"), _("Move its end, or make a new one.")),
        lambda key, now: key.is_expired(now),
    ),
    (
        Standing(BAD, _("Leaked"), _("Rotate it now.")),
        lambda key, _now: key.has_leaked,
    ),
    (
        Standing(WARN, _("Disabled"), _("Enable it to let it in again.")),
        lambda key, _now: key.disabled_at is not None,
    ),
    (
        Standing(BAD, _("Owner inactive"), _("Move it to the organization.")),
        _has_stopped,
    ),
    (
        Standing(WARN, _("Expires soon"), _("Move its end, or make a new one.")),
        _ends_soon,
    ),
    (
        Standing(WARN, _("Nobody answers for it"), _("Give it a new contact.")),
        lambda key, _now: key.is_orphaned,
    ),
    (Standing(WARN, _("Unused"), _("Revoke it if nobody needs it.")), _is_unused),
    (
        Standing(PLAIN, _("Rotating"), _("Finish it in time.")),
        lambda key, _now: key.is_rotating,
    ),
)
