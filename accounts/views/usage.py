"""Settings > Usage & limits: how full the limits are now, and what was used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from accounts import (
    alerts,
    at_the_limit,
    exports,
    usage,
    usage_chart,
    usage_table,
)
from accounts.pages import action, page, show
from accounts.problems import Problem
from accounts.products import ENVIRONMENTS
from accounts.usage import Answer, Span
from accounts.visitors import Visitor
from ratelimits.limits import until_midnight
from ratelimits.models import UsageQuerySet
from ratelimits.usage import recorder

# How many days a page of usage offers, and how many it shows by itself.
SPANS, USUAL_DAYS = (7, 30, 90), 30
# More would make the page heavier than 30 KB.
MOST_CREDENTIALS = 15
MOST_ENDPOINTS = 10


@page()
def usage_page(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/usage?days=…&environment=…

    Every member sees the sums; without the right to read usage only their own
    credentials by name.
    """
    span, environment = span_asked(request), request.GET.get("environment", "")
    wanted = environment if environment in ENVIRONMENTS else None
    recorder.catch_up()
    rows = usage.rows_of(visitor.organization, span)
    rows = rows.filter(environment__in=usage.environments(visitor.credential, wanted))
    of_credentials = _visible(visitor, rows.of_credentials())
    if exports.wanted(request):
        return _file(request, of_credentials, span)
    context = {
        **_sums(rows, span),
        **_plan(visitor),
        "credentials": _credentials(visitor, of_credentials),
        "days": (span.last - span.first).days + 1,
        "spans": SPANS,
        "environment": wanted or "",
        "sees_all": usage.seen_by(visitor.credential) is None,
    }
    return show(request, visitor, "settings/usage.html", **context)


@action(needs="usage_read", confirmed=False)
def choose_alerts(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """At which percentages of a day's quota the admins are mailed."""
    chosen = request.POST.getlist("alert_percents")
    percents = [each for each in alerts.PERCENTS if str(each) in chosen]
    alerts.choose(visitor.organization, percents, by=visitor.actor)
    messages.success(request, _("The alerts are saved."))
    return redirect("usage")


def span_asked(request: HttpRequest) -> Span:
    """The days that a link chose, today the last; else as many as is usual."""
    asked = request.GET.get("days", "")
    days = next((days for days in SPANS if asked == str(days)), USUAL_DAYS)
    return Span.ending(timezone.now().date(), days=days)


def _visible(visitor: Visitor, rows: UsageQuerySet) -> UsageQuerySet:
    own = usage.seen_by(visitor.credential)
    return rows if own is None else rows.filter(credential__in=own)


def _sums(rows: UsageQuerySet, span: Span) -> Answer:
    """The chart by day, the table behind it, and the busiest endpoints."""
    summed = usage.summed(rows.of_organizations(), span)
    days = summed["days"]
    return {
        "totals": summed["totals"],
        "by_day": [{**day, "refused": usage_chart.refused(day)} for day in days],
        "chart": usage_chart.by_outcome(reversed(days)),
        "endpoints": summed["top_endpoints"][:MOST_ENDPOINTS],
    }


def _plan(visitor: Visitor) -> Answer:
    """What holds for each credential, and what it is told when it asks for more."""
    organization = visitor.organization
    now = timezone.now()
    left = until_midnight(int(now.timestamp() * 10**9))
    return {
        "plan": organization.plan,
        "limits": organization.limits,
        "midnight": now + timedelta(microseconds=left // 1000),
        "refusal": at_the_limit.refusal(organization.limits),
        "percents": alerts.PERCENTS,
        "may_choose": visitor.credential.allows("usage_read"),
    }


def _credentials(visitor: Visitor, rows: UsageQuerySet) -> list[Answer]:
    """The busiest, each with what the limiter counts for it now."""
    busiest = usage.busiest(rows, visitor.organization, most=MOST_CREDENTIALS)
    return [{**each, "refused": usage_chart.refused(each)} for each in busiest]


def _file(request: HttpRequest, rows: UsageQuerySet, span: Span) -> HttpResponse:
    """One line for each day and credential. Raises Problem where it is too long."""
    try:
        if exports.wanted(request) == "csv":
            return usage_table.response(rows, span)
        return exports.export(request, _lines(rows), dict, name="usage")
    except ValidationError as error:
        why = _("These are too many lines. Choose fewer days.")
        raise Problem("invalid_request", why) from error


def _lines(rows: UsageQuerySet) -> list[dict[str, Any]]:
    if rows.count() > exports.MOST_ROWS:
        raise ValidationError({"from": ["too many"]})
    return list(usage_table.table(rows))
