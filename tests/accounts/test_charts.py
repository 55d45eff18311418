"""Charts that the server draws: where their bars stand, and how little it takes."""

import re

import pytest

from accounts import charts


def rectangles(path):
    """The bars of a path: left, right, foot and top of each."""
    found, at, foot = [], 0, 0
    for letter, numbers in re.findall(r"([MVhv])([-\d ]+)", path):
        if letter == "M":
            at, foot = map(int, numbers.split())
            level = foot
        elif letter == "V":
            level = int(numbers)
        elif level != foot:
            found.append((at, at + int(numbers), foot, level))
        if letter == "h":
            at += int(numbers)
    return found


def test_bars_stand_beside_each_other():
    chart = charts.bars({"": [50, 0, 100]})
    assert rectangles(chart.series[0].path) == [(0, 6, 100, 50), (16, 22, 100, 0)]
    assert (chart.width, chart.most) == (22, 100)


def test_bars_of_a_second_name_stand_on_those_of_the_first():
    first, second = charts.bars({"a": [20, 60], "b": [20, 40]}).series
    assert rectangles(first.path) == [(0, 6, 100, 80), (8, 14, 100, 40)]
    assert rectangles(second.path) == [(0, 6, 80, 60), (8, 14, 40, 0)]
    assert (first.total, second.total) == (80, 60)


def test_one_of_a_million_can_be_seen():
    large, small = charts.bars({"": [1, 10**6]}), charts.sparkline([1, 10**6])
    assert rectangles(large.series[0].path)[0] == (0, 6, 100, 99)
    assert rectangles(small.series[0].path)[0] == (0, 3, 20, 19)


def test_a_small_chart_is_one_outline():
    chart = charts.sparkline([0, 5, 5, 0, 10, 0])
    path = chart.series[0].path
    assert path == "M0 20h3V10h6V20h3V0h3V20h3V20"
    assert rectangles(path) == [(3, 9, 20, 10), (12, 15, 20, 0)]
    assert chart.width == 18


@pytest.mark.parametrize("counts", [[], [0, 0, 0]])
def test_nothing_has_no_bars(counts):
    assert charts.sparkline(counts).series[0].path == ""
    assert charts.bars({"": counts}).series[0].path == ""


def test_thirty_different_days_take_few_bytes():
    counts = [(7 * day) % 30 + 1 for day in range(30)]
    assert len(charts.sparkline(counts).series[0].path) < 160
