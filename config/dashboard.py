"""What operators see first: numbers of the whole deployment, and what needs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import factors, ids, usage_chart
from accounts.charts import Chart
from accounts.models import (
    AuditEvent,
    Organization,
    OutboxMessage,
    User,
)
from accounts.products import products
from apikeys import listing
from apikeys.models import ApiKey
from ratelimits import metrics, usage
from ratelimits.models import Usage

DAYS = 30
SOON = 7
DAY = timedelta(days=1)
MINUTE = 60
# Mail and webhooks go out within seconds: what waits longer waits for somebody.
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tile:
    """A number, and where it leads. `note` says what it is of."""

    label: str
    number: str
    note: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A sentence about what an operator should look at, and where."""

    text: str
    address: str


def seen() -> dict[str, Any]:
    """The context of the page. How many statements it takes does not depend on rows."""
    usage.recorder.catch_up()
    now = timezone.now()
    waiting = OutboxMessage.objects.filter(delivered_at=None, failed_at=None)
    oldest = waiting.order_by("next_attempt_at").values_list("created_at", flat=True)
    lag = _lag(oldest.first(), now)
    return {
        "tiles": [*_of_tenants(), *_of_traffic(now), *_of_people(now), _of_outbox(lag)],
        "chart": _chart(now),
        "days": DAYS,
        "needs": list(_needs(now, lag)),
        "facts": _facts(),
    }


def _of_tenants() -> Iterator[Tile]:
    tenants = Organization.objects.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        suspended=Count("pk", filter=Q(is_active=False)),
    )
    suspended = _("%(number)s suspended") % {"number": tenants["suspended"]}
    address = reverse("admin:accounts_organization_changelist")
    yield Tile(_("Organizations"), _number(tenants["active"]), suspended, address)
    keys = reverse("admin:apikeys_apikey_changelist")
    live = ApiKey.objects.filter(listing.FILTERS["status"]("active")).count()
    yield Tile(_("Active keys"), _number(live), "", f"{keys}?status=active")
    soon = ApiKey.objects.filter(listing.FILTERS["expiring_days"](SOON)).count()
    note = _("in %(days)s days") % {"days": SOON}
    yield Tile(_("Keys that expire"), _number(soon), note, f"{keys}?status=expiring")


def _of_traffic(now: datetime) -> Iterator[Tile]:
    rows = Usage.objects.of_organizations().filter(day=now.date())
    sums = rows.aggregate(requests=Sum("requests"), limited=Sum("limited"))
    requests, limited = sums["requests"] or 0, sums["limited"] or 0
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = max((now - midnight).total_seconds() / MINUTE, 1)
    address, today = reverse("admin:ratelimits_usage_changelist"), _("today, UTC")
    rate = f"{requests / minutes:,.1f}"
    yield Tile(_("Verifications per minute"), rate, today, address)
    share = f"{100 * limited / requests:.1f} %" if requests else "0 %"
    yield Tile(_("Answered with 429"), share, today, address)


def _of_people(now: datetime) -> Iterator[Tile]:
    try:
        wrong = _number(metrics.wrong_guesses())
    except OSError:
        wrong = "?"
    note = _("wrong passwords and codes since this server's first start")
    yield Tile(_("Failed sign-ins"), wrong, note if settings.REDIS_URL else _since())
    alone = without_second_factor().count()
    people = reverse("admin:accounts_user_changelist")
    yield Tile(_("People without a second factor"), _number(alone), "", people)


def _since() -> str:
    return _("wrong passwords and codes since this server started")


def _of_outbox(lag: timedelta) -> Tile:
    number = _("%(seconds)s s") % {"seconds": int(lag.total_seconds())}
    address = reverse("admin:accounts_outboxmessage_changelist")
    note = _("the oldest message that waits")
    return Tile(_("Outbox lag"), number, note, f"{address}?state=waiting")


def without_second_factor() -> QuerySet[User]:
    """People who can sign in, and have neither an authenticator nor a passkey."""
    return User.objects.filter(~factors.has_second(), is_active=True)


def _chart(now: datetime) -> Chart:
    first = now.date() - timedelta(days=DAYS - 1)
    rows = Usage.objects.of_organizations().between(first, now.date())
    sums = {name: Sum(name) for name in ("requests", "allowed", "limited")}
    found: dict[Any, Any] = {
        row["day"]: row for row in rows.values("day").annotate(**sums)
    }
    nothing = dict.fromkeys(sums, 0)
    days = (found.get(first + timedelta(days=each), nothing) for each in range(DAYS))
    return usage_chart.by_outcome(days)


def _needs(now: datetime, lag: timedelta) -> Iterator[Need]:
    operators = without_second_factor().filter(is_staff=True).count()
    if operators:
        text = _("Operators without a second factor: %(number)s.")
        people = reverse("admin:accounts_user_changelist")
        yield Need(text % {"number": operators}, f"{people}?is_staff__exact=1")
    orphans = ApiKey.objects.orphaned().count()
    if orphans:
        text = _("Keys for which nobody answers any more: %(number)s.")
        keys = reverse("admin:apikeys_apikey_changelist")
        yield Need(text % {"number": orphans}, f"{keys}?status=orphaned")
    yield from _of_messages(lag)
    yield from _of_leaks(now)
    yield from _of_plans()


def _of_messages(lag: timedelta) -> Iterator[Need]:
    address = reverse("admin:accounts_outboxmessage_changelist")
    failed = OutboxMessage.objects.filter(failed_at__isnull=False).count()
    if failed:
        text = _("Messages that were given up: %(number)s.") % {"number": failed}
        yield Need(text, f"{address}?state=failed")
    if lag > LATE:
        text = _("Mail or webhooks wait: a receiver is away, or no worker runs.")
        yield Need(text, f"{address}?state=waiting")


def _of_leaks(now: datetime) -> Iterator[Need]:
    recent = AuditEvent.objects.filter(pk__gte=ids.first_at(now - SOON * DAY))
    leaked = recent.filter(action="api_key.leaked").count()
    if leaked:
        text = _("Keys reported as leaked in 7 days: %(number)s.") % {"number": leaked}
        audit = reverse("admin:accounts_auditevent_changelist")
        yield Need(text, f"{audit}?q=api_key.leaked")


def _of_plans() -> Iterator[Need]:
    known = Q(pk__in=[])
    for product in products().values():
        known |= Q(product_slug=product.slug, plan_slug__in=list(product.plans))
    lost = Organization.objects.exclude(known).count()
    if lost:
        text = _(
            "Organizations whose product or plan is in no product file: %(number)s."
        )
        address = reverse("admin:accounts_organization_changelist")
        yield Need(text % {"number": lost}, address)


def _facts() -> list[tuple[str, str]]:
    return [
        (_("Address"), settings.PUBLIC_URL),
        (_("Database"), connection.vendor),
        (_("Limiter"), settings.LIMITER),
        (_("Processes"), str(settings.WORKERS)),
        (_("Products"), ", ".join(product.name for product in products().values())),
    ]


def _lag(oldest: datetime | None, now: datetime) -> timedelta:
    return max(now - oldest, timedelta(0)) if oldest else timedelta(0)


def _number(count: int) -> str:
    return f"{count:,}"
