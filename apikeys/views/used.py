"""How one key was used, as its page shows it: a chart, sums, and the busiest names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import exports, usage, usage_chart
from accounts.charts import Chart
from accounts.usage import Span
from accounts.views.usage import span_asked
from apikeys.models import ApiKey
from ratelimits.counted import COUNTS, OUTCOMES
from ratelimits.usage import recorder

MOST_NAMES = 5
OUTCOME_WORDS: dict[str, str | Promise] = {
    "allowed": _("Let in"),
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

    @property
    def name(self) -> str:
        return self.day.isoformat()


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


def during(api_key: ApiKey, span: Span) -> Used:
    """With what this process has counted."""
    found = _summed(api_key, span)
    totals = found["totals"]
    each = [_day(counts) for counts in found["days"]]
    return Used(
        days=len(each),
        chart=usage_chart.by_outcome(reversed(found["days"])),
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
    found = _summed(api_key, span_asked(request))
    return exports.export(
        request, found["days"], _cells, name=f"usage-of-{api_key.public_id}"
    )


def _summed(api_key: ApiKey, span: Span) -> dict[str, Any]:
    recorder.catch_up()
    return usage.summed(usage.rows_with(api_key.public_id, span), span)


def _cells(counts: dict[str, Any]) -> dict[str, Any]:
    return {"day": f"{counts['day']:%Y-%m-%d}"} | {
        name: counts[name] for name in COUNTS
    }


def _day(counts: dict[str, Any]) -> DayOfUse:
    refused = usage_chart.refused(counts)
    return DayOfUse(counts["day"], counts["allowed"], counts["limited"], refused)
