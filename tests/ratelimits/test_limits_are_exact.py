"""Every store admits exactly what the rule admits, and says why it refuses."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratelimits.limits import DAY, MINUTE, SECOND, Limits

SMALL = Limits(per_minute=7, burst=3, daily=40)
STARTER = Limits(per_minute=100, burst=20, daily=10_000)
PLANS = [SMALL, Limits(12, 5, None), Limits(3, 3, 4), Limits(2, 9, 9)]
EDGES = [
    edge + near
    for edge in (SECOND, MINUTE, MINUTE - SECOND, DAY // 2)
    for near in (-1_000, -1, 0, 1, 1_000)
]


def agree(store, model, limits, cost=1):
    """Ask both, compare everything that the answer says, return it."""
    decision = store.check("key", limits, cost)
    refusing = model.check(limits, cost)
    now = model.clock.wall
    assert decision.allowed is not bool(refusing)
    used = model.count_since(MINUTE, model.clock.steady)
    assert decision.reading.minute_used == used
    assert decision.reading.day_used == model.count_of_day(now)
    assert set(decision.violated) == set(refusing)
    if refusing:
        longest = max(refusing.values())
        assert decision.retry_after == -(-longest // SECOND) >= 1
        assert decision.remaining == 0
        assert decision.reset == -(-(now + longest) // SECOND)
        assert refusing[decision.window] == longest
    else:
        left = limits.per_minute - used
        if limits.daily is not None:
            left = min(left, limits.daily - model.count_of_day(now))
        assert decision.remaining == max(0, left)
        assert decision.retry_after == 0
    return decision


def random_gap(chance, limits):
    """Bursts, pauses, a steady pace, and the nanoseconds around every edge."""
    pace = MINUTE // limits.per_minute
    soon, later = chance.randrange(SECOND), chance.randrange(2 * pace)
    return chance.choice([0, 0, 1, soon, later, pace, chance.choice(EDGES[:15])])


@pytest.mark.parametrize("limits", PLANS)
@pytest.mark.parametrize("seed", range(3))
def test_random_traffic_is_judged_as_the_rule_says(pair, dice, limits, seed):
    store, model, clock = pair()
    chance = dice(seed)
    for _ in range(600):
        clock.move(random_gap(chance, limits))
        agree(store, model, limits, chance.choice([1, 1, 1, 0, 2, 3]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 0, 1, *EDGES]),
            st.sampled_from(PLANS),
            st.integers(0, 4),
        ),
        max_size=40,
    )
)
@settings(
    deadline=None,
    max_examples=300,
    database=None,
    # The fixture only makes things: nothing is shared by two examples.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_mix_of_edges_plans_and_costs_is_judged_as_the_rule_says(pair, mix):
    store, model, clock = pair()
    for gap, limits, cost in mix:
        clock.move(gap)
        agree(store, model, limits, cost)


@pytest.mark.parametrize("percent", [60, 100])
def test_a_steady_client_within_its_limit_is_never_refused(store, clock, percent):
    for _ in range(1_000):
        assert store.check("key", STARTER).allowed
        clock.move(MINUTE * 100 // (STARTER.per_minute * percent))


def test_a_client_that_presses_at_its_limit_gets_all_of_it(pair, dice):
    store, model, clock = pair()
    chance = dice(7)
    while clock.steady < 5_000 * SECOND + 3 * MINUTE:
        agree(store, model, STARTER)
        clock.move(chance.choice([SECOND // 20, SECOND // 3]))
    assert len(model.admitted) in range(300, 401)


def test_no_rolling_minute_or_second_ever_holds_more_than_the_limit(store, clock, dice):
    chance = dice(11)
    admitted = []
    for _ in range(4_000):
        clock.move(random_gap(chance, SMALL) % (5 * SECOND))
        if store.check("key", SMALL).allowed:
            admitted.append(clock.steady)
    for limit, window in ((SMALL.burst, SECOND), (SMALL.per_minute, MINUTE)):
        pairs = zip(admitted, admitted[limit:], strict=False)
        assert all(later - first >= window for first, later in pairs)


@pytest.mark.parametrize(
    ("limits", "window"), [(Limits(9, 3, None), SECOND), (Limits(3, 3, None), MINUTE)]
)
def test_a_request_exactly_one_window_old_no_longer_counts(
    store, clock, limits, window
):
    for _ in range(3):
        assert store.check("key", limits).allowed
    clock.move(window - clock.grain)
    assert not store.check("key", limits).allowed
    clock.move(clock.grain)
    assert store.check("key", limits).allowed


def test_a_refused_request_consumes_nothing_in_any_window(store, clock):
    limits = Limits(per_minute=4, burst=2, daily=5)
    for _ in range(50):
        store.check("key", limits)
    clock.move(SECOND)
    decision = store.check("key", limits)
    assert (decision.allowed, decision.remaining) == (True, 1)
    assert (decision.reading.minute_used, decision.reading.day_used) == (3, 3)


def test_the_daily_quota_is_the_utc_day_and_starts_anew_at_midnight(store, clock):
    limits = Limits(per_minute=100, burst=100, daily=3)
    clock.move(DAY // 2 - 10 * SECOND)
    assert [store.check("key", limits).allowed for _ in range(4)] == [True] * 3 + [
        False
    ]
    clock.move(10 * SECOND - clock.grain)
    assert store.check("key", limits).violated == ("day",)
    clock.move(clock.grain)
    decision = store.check("key", limits)
    assert (decision.allowed, decision.reading.day_used) == (True, 1)


def test_twenty_days_give_twenty_quotas(pair):
    store, model, clock = pair()
    limits = Limits(per_minute=30, burst=30, daily=30)
    clock.move(DAY // 2)
    for _ in range(20 * 48):
        agree(store, model, limits)
        clock.move(DAY // 48)
    assert len(model.admitted) == 20 * 30


def test_keys_do_not_share_their_windows(store):
    limits = Limits(1, 1, 1)
    assert store.check("key_a", limits).allowed
    assert store.check("key_b", limits).allowed
    assert not store.check("key_a", limits).allowed


def test_a_smaller_plan_holds_at_once_for_what_was_used_before(store, clock):
    large, small = Limits(50, 50, None), Limits(10, 5, 30)
    for _ in range(40):
        store.check("key", large)
    clock.move(2 * SECOND)
    decision = store.check("key", small)
    assert decision.violated == ("minute", "day")
    clock.move(MINUTE)
    assert store.check("key", small).violated == ("day",)


def test_a_larger_plan_holds_at_once_and_still_knows_the_past(store, clock):
    small, large = Limits(5, 5, 5), Limits(8, 8, None)
    for _ in range(6):
        decision = store.check("key", small)
    assert not decision.allowed
    admitted = [store.check("key", large).allowed for _ in range(4)]
    assert admitted == [True, True, True, False]
