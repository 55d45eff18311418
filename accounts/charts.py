"""Charts of counts, drawn by the server: where each bar of an SVG stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BAR, GAP = 6, 2
# The bars of a small chart touch each other; the style sheet cuts the gaps.
SPARK_BAR, SPARK_HEIGHT = 3, 20


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
    columns = list(zip(*counts.values(), strict=True))
    most = max((sum(column) for column in columns), default=0)
    reached = [0] * len(columns)
    series = []
    for number, (name, values) in enumerate(counts.items(), start=1):
        stacked = []
        for place, value in enumerate(values):
            low = _height(reached[place], most, height)
            reached[place] += value
            if value:
                # Even one of a million can be seen.
                high = max(_height(reached[place], most, height), low + 1)
                stacked.append((place * (BAR + GAP), height - low, height - high))
        series.append(Series(name, number, sum(values), _standing(stacked)))
    width = max(len(columns) * (BAR + GAP) - GAP, 1)
    return Chart(width, height, most, series)


def sparkline(counts: Sequence[int]) -> Chart:
    """Small bars of one name: their outline."""
    most, ground = max(counts, default=0), SPARK_HEIGHT
    path, level, flat = f"M0 {ground}", ground, 0
    for count in counts:
        rise = max(_height(count, most, ground), 1) if count else 0
        if ground - rise != level:
            path += f"h{flat}" if flat else ""
            level, flat = ground - rise, 0
            path += f"V{level}"
        flat += SPARK_BAR
    path = f"{path}h{flat}V{ground}" if most else ""
    width = max(len(counts) * SPARK_BAR, 1)
    return Chart(width, ground, most, [Series("", 1, sum(counts), path)])


def _standing(bars: Iterable[tuple[int, int, int]]) -> str:
    """The path of bars, each by its left, its foot and its top. Where it can, it goes
    on along the foot: that is shorter than to begin anew, and adds no area."""
    path, at, ground = "", 0, -1
    for left, foot, top in bars:
        if foot != ground:
            path += f"M{left} {foot}"
        elif left > at:
            path += f"h{left - at}"
        path += f"V{top}h{BAR}V{foot}"
        at, ground = left + BAR, foot
    return path


def _height(count: int, most: int, height: int) -> int:
    return round(count * height / most) if most else 0
