"""The judge of the log finds every kind of fault, and none in a true log."""

from dataclasses import replace

import pytest

from tests.ratelimits.replay import (
    DAY,
    SECOND,
    Answer,
    History,
    Numbers,
    Sharpness,
    judge,
    midnight,
)
from tests.ratelimits.replay_headers import judge_headers

NUMBERS = Numbers(burst=3, minute=8, day=15)
NOON = 20_778 * DAY + DAY // 2 + SECOND // 4
MILLISECOND = SECOND // 1_000
WINDOWS = {"burst": SECOND, "minute": 60 * SECOND}


def ceiling(nanoseconds):
    return -(-nanoseconds // SECOND)


def answered(now, admitted, numbers=NUMBERS):
    """The answer of a true limiter, and whether it let the request in."""
    free = {}
    for window, length in WINDOWS.items():
        limit = getattr(numbers, window)
        blocking = admitted[-limit] + length if len(admitted) >= limit else 0
        free[window] = blocking if blocking > now else 0
    today = sum(moment // DAY == now // DAY for moment in admitted)
    free["day"] = midnight(now) if today >= numbers.day else 0
    free = {window: moment for window, moment in free.items() if moment}
    if not free:
        admitted.append(now)
    return free, headers(now, admitted, free, numbers)


def headers(now, admitted, free, numbers):
    inside = [moment for moment in admitted if moment > now - 60 * SECOND]
    today = sum(moment // DAY == now // DAY for moment in admitted)
    left = {"minute": numbers.minute - len(inside), "day": numbers.day - today}
    until = {"minute": inside[0] + 60 * SECOND, "day": midnight(now)} if inside else {}
    until = {"minute": now, "day": midnight(now), **until, **free}
    shown = "day" if left["day"] < left["minute"] or not left["day"] else "minute"
    if free:
        shown = max(free, key=free.get)
        left |= dict.fromkeys(free, 0)
    told = {
        "x-ratelimit-limit": str(getattr(numbers, shown)),
        "x-ratelimit-remaining": str(left[shown]),
        "x-ratelimit-reset": str(ceiling(until[shown])),
        "ratelimit": ", ".join(
            f'"{window}";r={left[window]};t={ceiling(until[window] - now)}'
            for window in left
        ),
        "ratelimit-policy": '"burst";q=3;w=1, "minute";q=8;w=60, "day";q=15;w=86400',
    }
    if free:
        told["retry-after"] = str(ceiling(until[shown] - now))
    return told


def true_log(*, begin=NOON):
    """One caller who takes no notice, and sometimes obeys. Answers take under 1 ms."""
    log, admitted, now = [], [], begin
    for number in range(400):
        free, told = answered(now, admitted)
        sent, received = now - MILLISECOND // 3, now + MILLISECOND // 3
        status, violated = (429, list(free)) if free else (200, None)
        times = {"sent": sent, "received": received, "steady": sent}
        log.append(
            Answer(
                "key", "one", **times, status=status, headers=told, violated=violated
            )
        )
        wait = int(told.get("retry-after", 0)) * SECOND
        obeys = number % 4 == 0 and wait < 70 * SECOND
        now += (wait if obeys else SECOND // 9) + MILLISECOND
    return log


def kinds(log):
    history = History(log, NUMBERS, Sharpness())
    return {fault.kind for fault in (*judge(history), *judge_headers(history))}


@pytest.fixture(scope="module")
def log():
    return true_log()


def doctored(log, which, **changes):
    """The log with other headers, or another status, in the first answer like that."""
    place = next(number for number, each in enumerate(log) if which(each))
    status = changes.pop("status", log[place].status)
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    told = {**log[place].headers, **named}
    told = {name: value for name, value in told.items() if value is not None}
    changed = replace(log[place], status=status, headers=told)
    return [*log[:place], changed, *log[place + 1 :]]


def refused_by(*windows):
    return lambda answer: answer.violated == list(windows)


def admitted(answer):
    return answer.status == 200


@pytest.mark.parametrize("begin", [NOON, NOON + DAY // 2 - 20 * SECOND])
def test_a_true_log_has_no_fault(begin):
    sharpness = Sharpness()
    history = History(true_log(begin=begin), NUMBERS, sharpness)
    assert [*judge(history), *judge_headers(history)] == []
    assert all(sharpness.full[window] for window in NUMBERS._fields)
    assert sharpness.counted == 800
    assert sharpness.pinned > 795
    assert sharpness.obeyed > 3
    assert max(sharpness.slack) < 3 * MILLISECOND


@pytest.mark.parametrize(
    "windows", [("burst",), ("minute",), ("burst", "minute"), ("day",)]
)
def test_one_that_was_admitted_too_many_is_found(log, windows):
    assert "overshoot" in kinds(doctored(log, refused_by(*windows), status=200))


def test_one_wrong_refusal_is_found(log):
    assert "refused wrongly" in kinds(doctored(log, admitted, status=429))


@pytest.mark.parametrize(
    ("by", "kind"), [(2, "told to wait too long"), (-1, "told to wait too short")]
)
@pytest.mark.parametrize("windows", [("minute",), ("day",)])
def test_a_wait_that_is_too_long_or_too_short_is_found(log, windows, by, kind):
    wait = next(each for each in log if refused_by(*windows)(each)).retry_after
    told = str(wait // SECOND + by)
    assert kind in kinds(doctored(log, refused_by(*windows), retry_after=told))


def test_who_was_not_let_in_although_it_waited_is_found(log):
    waited = next(
        answer.sent
        for answer, before in zip(log[1:], log, strict=False)
        if before.is_refused and answer.sent - before.received >= before.retry_after
    )
    found = kinds(doctored(log, lambda answer: answer.sent == waited, status=429))
    assert "not let in" in found


@pytest.mark.parametrize("name", sorted(true_log()[0].headers))
def test_a_missing_header_is_found(log, name):
    for which in (admitted, refused_by("minute")):
        assert "header missing" in kinds(doctored(log, which, **{name: None}))


def test_a_refusal_without_a_wait_and_a_yes_with_one_are_found(log):
    assert "header missing" in kinds(
        doctored(log, refused_by("minute"), retry_after=None)
    )
    assert "header too many" in kinds(doctored(log, admitted, retry_after="1"))


@pytest.mark.parametrize("left", ["6", "8"])
def test_a_count_that_is_wrong_by_one_is_found(log, left):
    told = {"x_ratelimit_remaining": left, "ratelimit": f'"minute";r={left};t=60, '}
    told["ratelimit"] += log[0].headers["ratelimit"].split(", ")[1]
    assert "remaining" in kinds(doctored(log, admitted, **told))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"x_ratelimit_remaining": "6"}, "limit"),
        ({"x_ratelimit_limit": "15"}, "limit"),
        ({"x_ratelimit_reset": str(ceiling(NOON) + 61)}, "reset"),
        ({"x_ratelimit_reset": str(ceiling(NOON) + 59)}, "reset"),
        ({"ratelimit": '"minute";r=7;t=60'}, "remaining"),
        ({"ratelimit": '"minute";r=7;t=62, "day";r=14;t=43200'}, "reset"),
        ({"ratelimit_policy": '"burst";q=3;w=1, "minute";q=8;w=60'}, "policy"),
    ],
)
def test_an_untrue_header_of_a_yes_is_found(log, changes, kind):
    assert kind in kinds(doctored(log, admitted, **changes))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"x_ratelimit_remaining": "1"}, "remaining"),
        ({"x_ratelimit_limit": "3"}, "limit"),
        ({"x_ratelimit_limit": "15"}, "limit"),
        ({"x_ratelimit_reset": "9"}, "reset"),
        ({"ratelimit": '"minute";r=0;t=1, "day";r=7;t=43000'}, "ratelimit"),
    ],
)
def test_an_untrue_header_of_a_refusal_is_found(log, changes, kind):
    assert kind in kinds(doctored(log, refused_by("minute"), **changes))


def test_a_refusal_that_names_the_wrong_window_is_found(log):
    for named in (["burst"], ["burst", "minute"], []):
        place = next(n for n, each in enumerate(log) if refused_by("minute")(each))
        wrong = replace(log[place], violated=named)
        assert "violated" in kinds([*log[:place], wrong, *log[place + 1 :]])
