"""Who is alone on a key and waits Retry-After is let in, and not a moment too late."""

import pytest

from ratelimits.limits import DAY, MINUTE, SECOND, Limits

PLANS = [Limits(100, 20, 10_000), Limits(7, 3, 40), Limits(5, 5, 5), Limits(9, 2, None)]


def refusals(store, clock, limits, chance):
    """Hammer the key; after each refusal the clock stands where it happened."""
    for _ in range(1_500):
        clock.move(chance.choice([0, 1, SECOND // 7, SECOND, chance.randrange(MINUTE)]))
        decision = store.check("key", limits)
        if not decision.allowed:
            yield decision


def longest_wait(decision):
    reading = decision.reading
    return max(reading.burst_wait, reading.minute_wait, reading.day_wait)


@pytest.mark.parametrize("limits", PLANS)
@pytest.mark.parametrize("seed", range(2))
def test_who_waits_exactly_retry_after_is_let_in(pair, dice, limits, seed):
    store, _, clock = pair()
    for decision in refusals(store, clock, limits, dice(seed)):
        clock.move(decision.retry_after * SECOND)
        assert store.check("key", limits).allowed


@pytest.mark.parametrize("limits", PLANS)
def test_the_wait_is_tight_to_the_microsecond(pair, dice, limits):
    store, _, clock = pair()
    for decision in refusals(store, clock, limits, dice(5)):
        wait = longest_wait(decision)
        assert decision.retry_after * SECOND - wait < SECOND
        clock.move(wait - 1_000)
        assert not store.check("key", limits).allowed
        clock.move(1_000)
        assert store.check("key", limits).allowed


def test_a_client_that_sleeps_until_reset_is_let_in(store, clock):
    limits = Limits(3, 3, 30)
    for _ in range(40):
        decision = store.check("key", limits)
        if decision.remaining == 0:
            clock.move(decision.reset * SECOND - clock.wall)
            assert store.check("key", limits).allowed


def test_the_wait_is_the_longest_of_all_windows_that_refuse(store, clock):
    limits = Limits(4, 2, 4)
    clock.move(DAY // 2 - 100 * SECOND)
    for _ in range(2):
        store.check("key", limits)
        store.check("key", limits)
        clock.move(SECOND)
    clock.move(-SECOND)
    decision = store.check("key", limits)
    assert decision.violated == ("burst", "minute", "day")
    assert (decision.window, decision.retry_after) == ("day", 99)


def test_a_wall_clock_that_steps_back_never_lengthens_a_wait(local, clock):
    limits = Limits(3, 3, None)
    for _ in range(3):
        local.check("key", limits)
    clock.wall -= DAY // 24
    assert local.check("key", limits).retry_after == 60
    clock.move(MINUTE)
    assert local.check("key", limits).allowed


def test_a_wall_clock_that_is_set_over_midnight_costs_one_quota(local, clock):
    limits = Limits(50, 50, 3)
    clock.move(DAY // 2)
    admitted = sum(local.check("key", limits).allowed for _ in range(5))
    clock.wall -= SECOND
    admitted += sum(local.check("key", limits).allowed for _ in range(5))
    assert admitted == 2 * 3
