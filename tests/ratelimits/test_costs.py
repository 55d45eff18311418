"""A request may cost nothing, one or more."""

import pytest

from ratelimits.limits import MINUTE, SECOND, Limits

LIMITS = Limits(per_minute=10, burst=5, daily=20)


def test_a_look_costs_nothing_and_is_always_allowed(store):
    for _ in range(30):
        assert store.check("key", LIMITS, 0).remaining == 10
    for _ in range(5):
        store.check("key", LIMITS)
    looked = store.check("key", LIMITS, 0)
    assert (looked.allowed, looked.remaining, looked.retry_after) == (True, 5, 0)
    assert looked.reading.burst_more == SECOND


def test_a_look_at_an_exhausted_key_shows_that_nothing_is_left(store, clock):
    for _ in range(4):
        store.check("key", LIMITS, 5)
        clock.move(SECOND)
        store.check("key", LIMITS, 5)
        clock.move(MINUTE)
    looked = store.check("key", LIMITS, 0)
    assert (looked.allowed, looked.window, looked.remaining) == (True, "day", 0)


def test_a_look_after_a_smaller_plan_never_shows_less_than_nothing(store, clock):
    for _ in range(2):
        store.check("key", LIMITS, 5)
        clock.move(SECOND)
    looked = store.check("key", Limits(4, 4, None), 0)
    assert (looked.allowed, looked.remaining) == (True, 0)
    # Seven of the ten have to leave before there is room: not the oldest five alone.
    assert looked.reading.minute_more == MINUTE - SECOND


def test_a_cost_counts_so_many_times_in_every_window(store):
    decision = store.check("key", LIMITS, 4)
    assert (decision.remaining, decision.reading.day_used) == (6, 4)
    refused = store.check("key", LIMITS, 2)
    assert refused.violated == ("burst",)
    assert store.check("key", LIMITS, 1).allowed


def test_a_refused_cost_leaves_room_for_a_cheaper_request(store, clock):
    for _ in range(2):
        store.check("key", LIMITS, 4)
        clock.move(SECOND)
    refused = store.check("key", LIMITS, 3)
    assert (refused.violated, refused.remaining) == (("minute",), 0)
    assert refused.retry_after == 58
    assert store.check("key", LIMITS, 2).allowed


@pytest.mark.parametrize(
    ("limits", "window", "wait"),
    [
        (Limits(10, 3, None), "burst", 1),
        (Limits(3, 10, None), "minute", 60),
        (Limits(10, 10, 3), "day", 43_200),
    ],
)
def test_a_cost_above_a_limit_is_refused_every_time(store, clock, limits, window, wait):
    for _ in range(3):
        decision = store.check("key", limits, 4)
        assert decision.violated == (window,)
        assert decision.retry_after == wait
        assert decision.reading.day_used == 0
    clock.move(wait * SECOND)
    assert not store.check("key", limits, 4).allowed
    assert store.check("key", limits, 3).allowed


def test_a_negative_cost_is_a_mistake_of_the_caller(store):
    with pytest.raises(ValueError, match="0 or more"):
        store.check("key", LIMITS, -1)
