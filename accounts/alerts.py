"""Mail to an organization's admins when a credential has used up much of its day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from accounts import audit, ids, mail, replays
from accounts.audit import Actor
from accounts.models import Membership, Organization, UsageAlert
from accounts.roles import Role
from accounts.usage import Answer, limits_of, names_of
from ratelimits.models import Usage

# What an organization may choose from.
PERCENTS = (80, 100)
ADMINS = (Role.ADMIN, Role.OWNER)
AT_ONCE = 500
# A mail names so many credentials, and counts the others.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Used:
    """A credential that has reached `percent` of its day's quota."""

    organization: str
    credential: str
    kind: str
    used: int
    daily: int
    percent: int


SAME_MAIL = attrgetter("organization", "percent")


def choose(
    organization: Organization, percents: Collection[int], *, by: Actor
) -> Organization:
    """At which of PERCENTS its admins are mailed; none: never."""
    chosen = [percent for percent in PERCENTS if percent in percents]
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        before = organization.alert_percents
        if before == chosen:
            return organization
        organization.alert_percents = chosen
        organization.save(update_fields=["alert_percents"])
        audit.record(
            "organization.alerts_changed",
            by=by,
            organization=organization,
            target=organization.public_id,
            before=before,
            after=chosen,
        )
    return organization


def announce() -> int:
    """Mail what nobody was mailed yet: each credential, day and percentage once. The
    answer is for how many credentials. Any number of processes may do it at once."""
    today = timezone.now().date()
    rows, told = _rows(today), 0
    for start in range(0, len(rows), AT_ONCE):
        news = sorted(_news(rows[start : start + AT_ONCE], today), key=SAME_MAIL)
        told += sum(_tell(list(some), today) for _, some in groupby(news, SAME_MAIL))
    return told


def _rows(day: date) -> list[Answer]:
    """What each credential has used of the day, in whatever environment. Those of one
    organization stand together."""
    rows: Any = Usage.objects.of_credentials().filter(day=day, charged__gt=0)
    sums = rows.values("organization", "credential", "kind")
    return list(sums.annotate(used=Sum("charged")).order_by("organization"))


def _news(rows: list[Answer], day: date) -> Iterator[Used]:
    """Those that have reached a percentage higher than what was told today."""
    organizations = _organizations(rows)
    limits, told = limits_of(rows), _told(rows, day)
    for row in rows:
        organization = organizations.get(row["organization"])
        if organization is None:
            continue
        daily = limits.get(row["credential"], organization.limits).daily
        percent = _reached(row["used"], daily, organization.alert_percents)
        if daily is not None and percent > told.get(row["credential"], 0):
            yield Used(**row, daily=daily, percent=percent)


def _organizations(rows: list[Answer]) -> dict[str, Organization]:
    """Those that want to hear of it, by public id."""
    wanted = {ids.decode(Organization.prefix, row["organization"]) for row in rows}
    active = Organization.objects.filter(pk__in=wanted, is_active=True)
    return {each.public_id: each for each in active if each.alert_percents}


def _told(rows: list[Answer], day: date) -> dict[str, int]:
    """The highest percentage that was told today, by credential."""
    names = [row["credential"] for row in rows]
    alerts = UsageAlert.objects.filter(day=day, credential__in=names)
    highest = alerts.values_list("credential").annotate(Max("percent"))
    return dict(highest)


def _reached(used: int, daily: int | None, percents: Iterable[int]) -> int:
    """The highest of these percentages, else 0."""
    if daily is None:
        return 0
    return max((each for each in percents if used * 100 >= daily * each), default=0)


def _tell(news: list[Used], day: date) -> int:
    """One mail to each admin, about credentials of one organization at one percentage.
    The answer is how many were news in the end: another process may be faster."""
    with transaction.atomic():
        if not _has_turn(news[0]):
            return 0
        mine = [each for each in news if _is_first(each, day)]
        if mine:
            _mail(mine)
    return len(mine)


def _has_turn(used: Used) -> bool:
    """Once in each hour; what comes meanwhile shares the next mail. Else who makes many
    keys with small quotas floods the admins."""
    now = timezone.now()
    turn = f"usage-alert:{used.organization}:{used.percent}:{now:%Y-%m-%dT%H}"
    return replays.first_use(turn, until=now + timedelta(hours=1))


def _is_first(used: Used, day: date) -> bool:
    return UsageAlert.objects.get_or_create(
        credential=used.credential, day=day, percent=used.percent
    )[1]


def _mail(news: list[Used]) -> None:
    first = news[0]
    found = Organization.objects.with_public_id(first.organization)
    organization = found.get()
    names = names_of({"credential": n.credential, "kind": n.kind} for n in news)
    context = {
        "organization": organization,
        "percent": first.percent,
        "used": [
            {"name": names.get(each.credential, each.credential), "of": each}
            for each in news[:MOST_NAMED]
        ],
        "more": max(0, len(news) - MOST_NAMED),
    }
    for email in _admins(organization):
        mail.queue("usage_alert", to=email, context=context, organization=organization)


def _admins(organization: Organization) -> list[str]:
    usable = Membership.objects.usable().filter(organization=organization)
    rows = usable.filter(role__in=ADMINS).select_related("user").order_by("pk")
    return [member.user.email for member in rows]
