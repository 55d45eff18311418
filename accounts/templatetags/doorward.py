"""How our templates show times, counts and charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import charts

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400
# From here on a date says more than a number of days.
MOST_DAYS = 60


@register.simple_tag
def moment(value: datetime | None, never: str = "") -> SafeString | str:
    """A time in words, "2 min ago", with the exact one (UTC) when pointed at."""
    if value is None:
        return never or _("never")
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        f"{value:%Y-%m-%dT%H:%MZ}",
        f"{value:%Y-%m-%d %H:%M:%S}",
        in_words(value),
    )


def in_words(value: datetime) -> str:
    """ "just now", "5 min ago", "in 12 days"; a date where it is far away."""
    seconds = int((timezone.now() - value).total_seconds())
    if abs(seconds) < MINUTE:
        return _("just now") if seconds >= 0 else _("in a moment")
    if abs(seconds) >= MOST_DAYS * DAY:
        return date_format(value, "j M Y")
    span = _span(abs(seconds))
    return (
        _("%(span)s ago") % {"span": span}
        if seconds > 0
        else (_("in %(span)s") % {"span": span})
    )


def _span(seconds: int) -> str:
    if seconds < HOUR:
        return _("%(number)s min") % {"number": seconds // MINUTE}
    if seconds < DAY:
        return _("%(number)s h") % {"number": seconds // HOUR}
    days = seconds // DAY
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}


@register.filter
def nearness(value: datetime | None) -> str:
    """How soon a time comes, as a word for its colour: past, day, week, month, far."""
    if value is None:
        return "far"
    days = (value - timezone.now()).total_seconds() / DAY
    for word, most in (("past", 0), ("day", 1), ("week", 7), ("month", 30)):
        if days <= most:
            return word
    return "far"


@register.simple_tag
def sparkline(counts: Sequence[int], label: str) -> SafeString:
    """Small bars, the oldest at the left. A list has many: without a template of their
    own they are quick."""
    chart = charts.sparkline(counts)
    return format_html(
        '<svg class="spark" role="img" aria-label="{}"><path d="{}"/></svg>',
        label,
        chart.series[0].path,
    )


@register.inclusion_tag("_chart.html")
def bar_chart(chart: charts.Chart, label: str) -> dict[str, Any]:
    return {"chart": chart, "label": label}


@register.inclusion_tag("_pages.html")
def list_links(listed: Any, request: HttpRequest) -> dict[str, Any]:
    """The way to older rows, and the list as a file."""
    query = request.GET.copy()
    query.pop("cursor", None)
    query.pop("format", None)
    kept = query.urlencode()
    return {"listed": listed, "file": f"?{kept}&format=" if kept else "?format="}
