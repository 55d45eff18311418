"""Which window an answer describes, and in which headers."""

import pytest

from ratelimits.headers import NAMES, headers
from ratelimits.limits import DAY, MINUTE, SECOND, Limits

STARTER = Limits(per_minute=100, burst=20, daily=10_000)
ENTERPRISE = Limits(per_minute=2_000, burst=500, daily=None)
MIDNIGHT = "1795305600"


@pytest.fixture
def ask(store, clock):
    """Call a number of times, and read the last answer's headers."""
    clock.move(250_000_000)

    def call(times=1, limits=STARTER, cost=1):
        for _ in range(times):
            decision = store.check("key", limits, cost)
        return headers(decision, limits)

    return call


@pytest.fixture
def after(clock):
    """Seconds since the first request as an absolute Unix second, rounded up."""
    start = clock.wall

    def absolute(seconds):
        return str(start // SECOND + seconds)

    return absolute


def triple(told):
    return tuple(told[name] for name in NAMES[:3])


def test_the_first_request_describes_the_minute(ask, after):
    told = ask()
    assert triple(told) == ("100", "99", after(61))
    assert told["RateLimit"] == '"minute";r=99;t=60, "day";r=9999;t=43200'


def test_a_steady_client_sees_what_is_left_and_when_there_is_more(ask, clock, after):
    for _ in range(41):
        ask()
        clock.move(SECOND // 10)
    clock.move(4 * SECOND // 10)
    assert triple(ask()) == ("100", "58", after(61))


def test_a_used_up_burst_shows_beside_the_minute_on_success(ask, clock, after):
    ask(19)
    clock.move(20_000_000)
    told = ask()
    assert triple(told) == ("100", "80", after(61))
    assert '"minute";r=80;t=60' in told["RateLimit"]
    assert '"burst";r=0;t=1' in told["RateLimit"]


def test_a_burst_with_room_is_not_shown(ask):
    assert "burst" not in ask(19)["RateLimit"]


def test_a_refusal_by_the_burst_describes_the_burst(ask, clock, after):
    ask(20)
    clock.move(21_000_000)
    told = ask()
    assert triple(told) == ("20", "0", after(2))
    assert told["Retry-After"] == "1"
    assert told["RateLimit"] == (
        '"minute";r=80;t=60, "day";r=9980;t=43200, "burst";r=0;t=1'
    )


def press(ask, clock, times):
    for _ in range(times - 1):
        ask()
        clock.move(SECOND // 16)
    return ask()


def test_the_last_request_of_a_minute_has_nothing_left(ask, clock, after):
    told = press(ask, clock, 100)
    assert triple(told) == ("100", "0", after(61))
    assert "Retry-After" not in told


def test_a_refusal_by_the_minute_describes_the_minute(ask, clock, after):
    told = press(ask, clock, 101)
    assert triple(told) == ("100", "0", after(61))
    assert told["Retry-After"] == "54"
    assert '"minute";r=0;t=54' in told["RateLimit"]


def spend_the_day(ask, clock, left):
    """Use the quota up to the last few, ending in a minute that is nearly empty."""
    for _ in range((STARTER.daily - left) // 20):
        ask(cost=20)
        clock.move(15 * SECOND)
    ask(cost=20 - left)
    clock.move(MINUTE)


def test_the_day_is_described_once_it_has_less_left(ask, clock):
    spend_the_day(ask, clock, left=3)
    told = ask()
    assert triple(told) == ("10000", "2", MIDNIGHT)
    assert "Retry-After" not in told


def test_a_refusal_by_the_day_describes_the_day(ask, clock):
    spend_the_day(ask, clock, left=1)
    ask()
    clock.move(int(MIDNIGHT) * SECOND - clock.wall - 395_500_000_000)
    told = ask()
    assert triple(told) == ("10000", "0", MIDNIGHT)
    assert told["Retry-After"] == "396"
    assert '"day";r=0;t=396' in told["RateLimit"]


def test_an_equal_remainder_describes_the_minute(ask, after):
    assert triple(ask(limits=Limits(10, 10, 10))) == ("10", "9", after(61))


def test_the_last_request_of_minute_and_day_describes_the_day(ask):
    # After the minute's reset the day would still refuse.
    assert triple(ask(10, limits=Limits(10, 10, 10))) == ("10", "0", MIDNIGHT)


def test_a_refusal_by_several_describes_the_longest_wait(ask):
    told = ask(3, limits=Limits(per_minute=2, burst=2, daily=9))
    assert triple(told)[:2] == ("2", "0")
    assert told["Retry-After"] == "60"
    assert '"burst";r=0;t=1' in told["RateLimit"]
    assert '"day";r=7;t=43200' in told["RateLimit"]


def test_a_refused_cost_never_shows_a_remainder_of_the_window(ask, clock):
    limits = Limits(per_minute=10, burst=10, daily=12)
    ask(limits=limits, cost=9)
    told = ask(limits=limits, cost=4)
    assert told["X-RateLimit-Remaining"] == "0"
    assert '"minute";r=0;t=60, "day";r=0;t=43200' in told["RateLimit"]


def test_a_refused_cost_shows_no_room_for_a_cheaper_request_in_the_burst(ask):
    told = ask(2, limits=Limits(per_minute=10, burst=3, daily=None), cost=2)
    assert told["RateLimit"] == '"minute";r=8;t=60, "burst";r=0;t=1'


def test_a_smaller_plan_never_shows_less_than_nothing(ask):
    ask(9, limits=Limits(10, 10, 10))
    told = ask(limits=Limits(5, 5, 5), cost=0)
    assert '"minute";r=0;t=60, "day";r=0;t=43200' in told["RateLimit"]
    assert told["X-RateLimit-Remaining"] == "0"


def test_a_look_at_an_unused_key_is_full_and_resets_now(ask, after):
    told = ask(cost=0)
    assert triple(told) == ("100", "100", after(1))
    assert told["RateLimit"] == '"minute";r=100;t=0, "day";r=10000;t=43200'


def test_the_policy_names_every_window_of_the_plan(ask):
    assert ask()["RateLimit-Policy"] == (
        '"burst";q=20;w=1, "minute";q=100;w=60, "day";q=10000;w=86400'
    )
    told = ask(limits=ENTERPRISE)
    assert told["RateLimit-Policy"] == '"burst";q=500;w=1, "minute";q=2000;w=60'
    assert "day" not in told["RateLimit"]


def test_retry_after_stands_on_refusals_only_and_all_names_are_known(ask):
    assert list(ask()) == list(NAMES[:5])
    assert list(ask(21)) == list(NAMES)


def test_a_day_has_its_last_second(ask, clock):
    clock.move(DAY // 2 - SECOND)
    told = ask()
    assert '"day";r=9999;t=1' in told["RateLimit"]
