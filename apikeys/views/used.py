"""How one key was used, as its page shows it: a chart, sums, and the busiest names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import charts, exports, usage
from accounts.charts import Chart
from accounts.usage import Span
from apikeys.models import ApiKey
from ratelimits.counted import COUNTS, OUTCOMES
from ratelimits.usage import recorder

# How many days the page offers, and how many it shows by itself.
SPANS, USUAL_DAYS = (7, 30, 90), 30
MOST_NAMES = 5
OUTCOME_WORDS: dict[str, str | Promise] = {
    "allowed": _("Allowed"),
    "limited": _("Over the limit"),
    "insufficient_scope": _("Without the right to it"),
    "ip_not_allowed": _("From an address that is not allowed"),
    "environment_mismatch": _("In the wrong environment"),
    "expired": _("After it had expired"),
    "revoked": _("After it was revoked"),
    "disabled": _("While it was disabled"),
    "refused": _("Refused otherwise"),
}


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """What happened on one UTC day."""

    day: date
    allowed: int
    limited: int
    refused: int

    @property
    def requests(self) -> int:
        return self.allowed + self.limited + self.refused


@dataclass(frozen=True, slots=True)
class Used:
    """The use in the last days. `busy` leaves out the days without any."""

    days: int
    chart: Chart
    busy: list[DayOfUse]
    requests: int
    turned_away: int
    outcomes: list[tuple[str | Promise, int]]
    endpoints: list[dict[str, Any]]
    addresses: list[dict[str, Any]]
    agents: list[dict[str, Any]]


def days_asked(request: HttpRequest) -> int:
    """What a link chose; else what is usual."""
    asked = request.GET.get("days", "")
    return next((days for days in SPANS if asked == str(days)), USUAL_DAYS)


def in_days(api_key: ApiKey, days: int) -> Used:
    """Of so many UTC days, today among them, with what this process has counted."""
    found = _summed(api_key, days)
    totals = found["totals"]
    each = [_day(counts) for counts in found["days"]]
    return Used(
        days=days,
        chart=_chart(each),
        busy=[day for day in each if day.requests],
        requests=totals["requests"],
        turned_away=totals["requests"] - totals["allowed"],
        outcomes=[
            (OUTCOME_WORDS[name], totals[name]) for name in OUTCOMES if totals[name]
        ],
        endpoints=found["top_endpoints"][:MOST_NAMES],
        addresses=found["addresses"][:MOST_NAMES],
        agents=found["agents"][:MOST_NAMES],
    )


def export(request: HttpRequest, api_key: ApiKey) -> Any:
    """The days as a file: CSV or JSON."""
    found = _summed(api_key, days_asked(request))
    return exports.export(
        request, found["days"], _cells, name=f"usage-of-{api_key.public_id}"
    )


def _summed(api_key: ApiKey, days: int) -> dict[str, Any]:
    recorder.catch_up()
    today = timezone.now().date()
    span = Span(today - timedelta(days=days - 1), today)
    rows = usage.rows_of(api_key.organization, span)
    return usage.summed(rows.filter(credential=api_key.public_id), span)


def _cells(counts: dict[str, Any]) -> dict[str, Any]:
    return {"day": f"{counts['day']:%Y-%m-%d}"} | {
        name: counts[name] for name in COUNTS
    }


def _day(counts: dict[str, Any]) -> DayOfUse:
    allowed, limited = counts["allowed"], counts["limited"]
    refused = counts["requests"] - allowed - limited
    return DayOfUse(counts["day"], allowed, limited, refused)


def _chart(days: list[DayOfUse]) -> Chart:
    """The oldest at the left."""
    rising = days[::-1]
    return charts.bars(
        {
            str(_("Allowed")): [day.allowed for day in rising],
            str(_("Over the limit")): [day.limited for day in rising],
            str(_("Refused")): [day.refused for day in rising],
        }
    )
