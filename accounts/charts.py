"""Charts of counts, drawn by the server: where each bar of an SVG stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BAR, GAP = 6, 2
SPARK_BAR, SPARK_GAP = 2, 1


@dataclass(frozen=True, slots=True)
class Series:
    """The bars of one name, as one path. `number` chooses the colour, from 1 on."""

    name: str
    number: int
    total: int
    path: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars that stand on each other, the oldest at the left. All sizes are units of the
    view box. `most`: the highest bar's count."""

    width: int
    height: int
    most: int
    series: list[Series]


def bars(counts: Mapping[str, Sequence[int]], *, height: int = 100) -> Chart:
    """One bar for each place of the sequences, which are equally long."""
    return _chart(counts, height=height, bar=BAR, gap=GAP)


def sparkline(counts: Sequence[int], *, height: int = 20) -> Chart:
    """Small bars of one name."""
    return _chart({"": counts}, height=height, bar=SPARK_BAR, gap=SPARK_GAP)


def _chart(
    counts: Mapping[str, Sequence[int]], *, height: int, bar: int, gap: int
) -> Chart:
    columns = list(zip(*counts.values(), strict=True))
    most = max((sum(column) for column in columns), default=0)
    reached = [0] * len(columns)
    series = []
    for number, (name, values) in enumerate(counts.items(), start=1):
        path = []
        for place, value in enumerate(values):
            low = _height(reached[place], most, height)
            reached[place] += value
            high = _height(reached[place], most, height)
            if value:
                # Even one of a million can be seen.
                rise = max(high - low, 1)
                left = place * (bar + gap)
                path.append(f"M{left} {height - low}v-{rise}h{bar}v{rise}z")
        series.append(Series(name, number, sum(values), "".join(path)))
    width = max(len(columns) * (bar + gap) - gap, 1)
    return Chart(width, height, most, series)


def _height(count: int, most: int, height: int) -> int:
    return round(count * height / most) if most else 0
