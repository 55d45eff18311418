"""Limits as an operator writes them."""

import re

import pytest

from ratelimits.limits import Limits


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("600/min, 100/s", Limits(600, 100, None)),
        ("600/min,100/s", Limits(600, 100, None)),
        (" 100/s , 600/min ", Limits(600, 100, None)),
        ("600/min, 100/s, 10000/day", Limits(600, 100, 10_000)),
    ],
)
def test_limits_are_written_as_numbers_per_unit_in_any_order(text, limits):
    assert Limits.parse(text) == limits


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", '"" is not a limit'),
        ("600/min, 100/s,", '"" is not a limit'),
        ("600/min", '"/min" and "/s" are both needed'),
        ("100/s, 5/day", '"/min" and "/s" are both needed'),
        ("600/min, 100/s, 600/min", '"/min" stands there twice'),
        ("600/hour, 100/s", '"600/hour" is not a limit'),
        ("0/min, 100/s", '"0/min" is not a limit'),
        ("-5/min, 100/s", '"-5/min" is not a limit'),
        ("1.5/min, 100/s", '"1.5/min" is not a limit'),
        ("1_000/min, 100/s", '"1_000/min" is not a limit'),
        ("٣/min, 100/s", '"٣/min" is not a limit'),
        ("9999999999/min, 100/s", '"9999999999/min" is not a limit'),
        ("5 m, 100/s", '"5 m" is not a limit'),
    ],
)
def test_a_mistake_is_named_and_the_right_form_shown(text, mistake):
    with pytest.raises(ValueError, match=re.escape(mistake)) as caught:
        Limits.parse(text)
    assert '"600/min, 100/s"' in str(caught.value)


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, None)])
def test_a_limit_below_one_is_refused(numbers):
    with pytest.raises(ValueError, match="at least 1"):
        Limits(*numbers)
