"""The chart of usage: what became of the requests of each day, in one set of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from accounts import charts
from accounts.charts import Chart


def by_outcome(days: Iterable[Mapping[str, int]]) -> Chart:
    """Of days with their `requests`, `allowed` and `limited`, the oldest first."""
    counts = list(days)
    allowed = [day["allowed"] for day in counts]
    limited = [day["limited"] for day in counts]
    return charts.bars(
        {
            _("let in"): allowed,
            _("over the limit (429)"): limited,
            _("refused"): [refused(day) for day in counts],
        }
    )


def refused(counts: Mapping[str, int]) -> int:
    """All that was turned away for another reason than the limit."""
    return counts["requests"] - counts["allowed"] - counts["limited"]
