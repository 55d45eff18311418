"""What the store in Redis leaves there, and what it makes of an odd clock or value."""

import time

import pytest
import redis as client
from redis.crc import key_slot

from ratelimits.limits import DAY, MINUTE, SECOND, Limits
from ratelimits.redis_server import server
from ratelimits.redis_store import SCRIPT, RedisStore
from tests.ratelimits.conftest import TimedRedisStore, patient

STARTER = Limits(per_minute=100, burst=20, daily=10_000)
ENTERPRISE = Limits(per_minute=2_000, burst=500, daily=None)


@pytest.fixture
def timed(one_redis, clock):
    """A store whose time only the test moves."""
    return TimedRedisStore(patient(one_redis), clock)


@pytest.fixture
def real(one_redis, tmp_path):
    """A store as in the service, on the server's own clock."""
    return RedisStore(patient(one_redis), prefix=f"real:{tmp_path.name}")


def names_of(store, server):
    return sorted(server.client.keys(f"{store._prefix}:*"))


def test_no_name_lives_for_ever(real, one_redis):
    for number in range(5):
        real.check(f"key_{number}", STARTER)
        real.check(f"key_{number}", STARTER, 0)
        real.check(f"only looked at {number}", STARTER, 0)
    lives = [one_redis.client.ttl(name) for name in names_of(real, one_redis)]
    assert len(lives) == 10
    assert all(0 < life <= 90_000 for life in lives)
    assert sum(life <= 61 for life in lives) == 5


def test_a_log_lives_for_a_minute_after_its_last_admitted_request(real, one_redis):
    limits = Limits(2, 2, 2)
    for _ in range(2):
        real.check("key", limits)
    log = real.names("key")[0]
    one_redis.client.expire(log, 5)
    assert not real.check("key", limits).allowed
    assert one_redis.client.ttl(log) <= 5


def test_moments_are_whole_microseconds(timed, one_redis, clock):
    clock.move(123_456_000)
    timed.check("key", STARTER, 3)
    log, day = timed.names("key")
    moment = str(clock.wall // 1_000).encode()
    assert one_redis.client.lrange(log, 0, -1) == [moment] * 3
    assert one_redis.client.get(day) == f"{clock.wall // DAY}{3:010}".encode()


def test_both_names_of_a_key_lie_in_one_slot_of_a_cluster(real):
    for key in ("key_01h", "address:2001:db8::/64", "odd } key", "{", "a{b}c"):
        slots = {key_slot(name.encode()) for name in real.names(key)}
        assert len(slots) == 1
    spread = {key_slot(real.names(f"key_{n}")[0].encode()) for n in range(1_000)}
    assert len(spread) > 900


def test_a_server_that_forgot_the_script_is_given_it_again(real, one_redis):
    real.check("key", STARTER)
    one_redis.client.script_flush()
    assert real.check("key", STARTER).reading.minute_used == 2


def test_a_check_is_one_question(redis_server):
    store = RedisStore(patient(redis_server), prefix="doorward")
    for _ in range(2):
        store.check("key", STARTER)
    with redis_server.client.monitor() as monitor:
        for _ in range(10):
            store.check("key", STARTER)
        redis_server.client.echo("done")
        asked = []
        for said in monitor.listen():
            if said["command"].startswith("ECHO"):
                break
            asked.append(said)
    # The connection of the ECHO introduces itself by HELLO and CLIENT.
    words = [
        said["command"].split()[0] for said in asked if said["client_type"] != "lua"
    ]
    assert [word for word in words if word not in ("HELLO", "CLIENT")] == [
        "EVALSHA"
    ] * 10


def test_nothing_of_ours_empties_a_database(real, one_redis):
    """Others may live in it: clear takes away the names of its own prefix."""
    one_redis.client.set("somebody else's", "value")
    neighbour = RedisStore(patient(one_redis), prefix=f"{real._prefix}x")
    for number in range(30):
        real.check(f"key_{number}", STARTER)
    neighbour.check("key", STARTER)
    real.clear()
    assert one_redis.client.get("somebody else's") == b"value"
    assert one_redis.client.keys(f"{real._prefix}:*") == []
    assert neighbour.check("key", STARTER, 0).reading.minute_used == 1


def test_a_full_minute_of_an_enterprise_key_takes_less_than_24_kib(
    timed, one_redis, clock
):
    while timed.check("key", ENTERPRISE).reading.minute_used < 2_000:
        clock.move(MINUTE // 2_001)
    taken = [one_redis.client.memory_usage(name) for name in timed.names("key")]
    assert sum(taken) < 24 * 1024


@pytest.mark.parametrize("old", [1, 2, 3, 4, 5, 37, 1_999])
@pytest.mark.parametrize("young", [0, 1, 3])
def test_what_is_a_minute_old_goes_at_once_however_much_it_is(timed, clock, old, young):
    limits = Limits(5_000, 5_000, None)
    timed.check("key", limits, old)
    clock.move(MINUTE - SECOND)
    if young:
        timed.check("key", limits, young)
    clock.move(SECOND)
    looked = timed.check("key", limits, 0).reading
    assert (looked.minute_used, looked.day_used) == (young, old + young)


def test_a_cost_of_thousands_is_counted_to_the_last(timed):
    limits = Limits(5_000, 5_000, None)
    assert timed.check("key", limits, 3_001).reading.minute_used == 3_001
    assert not timed.check("key", limits, 2_000).allowed
    assert timed.check("key", limits, 1_999).allowed


# The server's clock


@pytest.mark.parametrize(
    "step", [1_000, SECOND // 2, SECOND, 2 * SECOND, 3_600 * SECOND]
)
def test_a_clock_that_is_set_back_costs_one_more_window_at_most(timed, clock, step):
    limits, admitted, passed = Limits(5, 5, None), 0, 0
    for _ in range(9):
        admitted += timed.check("key", limits).allowed
    clock.move(-step)
    while passed < MINUTE:
        admitted += timed.check("key", limits).allowed
        clock.move(SECOND // 2)
        passed += SECOND // 2
    assert 5 <= admitted <= 10
    clock.move(SECOND)
    assert timed.check("key", limits).allowed


def test_a_wait_told_after_a_step_back_is_enough(timed, clock):
    limits = Limits(5, 5, None)
    for _ in range(5):
        timed.check("key", limits)
        clock.move(SECOND // 10)
    clock.move(-SECOND)
    refused = timed.check("key", limits)
    assert not refused.allowed
    clock.move(refused.retry_after * SECOND)
    assert timed.check("key", limits).allowed


def test_a_clock_that_is_set_back_over_midnight_costs_one_quota(timed, clock):
    limits = Limits(50, 50, 3)
    clock.move(DAY // 2)
    admitted = sum(timed.check("key", limits).allowed for _ in range(5))
    clock.move(-SECOND)
    admitted += sum(timed.check("key", limits).allowed for _ in range(5))
    assert admitted == 2 * 3


def test_a_count_of_yesterday_that_lives_on_counts_for_no_other_day(timed, clock):
    limits = Limits(50, 50, 3)
    for _ in range(4):
        timed.check("key", limits)
    clock.move(DAY)
    assert [timed.check("key", limits).allowed for _ in range(4)] == [True] * 3 + [
        False
    ]


def test_the_time_of_the_server_decides_and_is_read_once(real):
    assert SCRIPT.count("'TIME'") == 1
    before = time.time_ns()
    now = real.check("key", STARTER).reading.now
    assert before - SECOND <= now <= time.time_ns() + SECOND


@pytest.mark.parametrize("value", ["", "abc", "-5", "1e3"])
def test_a_strange_value_in_the_day_is_no_count(timed, one_redis, value):
    one_redis.client.set(timed.names("key")[1], value)
    assert timed.check("key", STARTER).reading.day_used == 1


def test_what_was_used_elsewhere_counts_for_the_day_alone(timed):
    limits = Limits(5, 5, 9)
    decision = timed.check("key", limits, elsewhere=7)
    assert (decision.reading.minute_used, decision.reading.day_used) == (1, 8)
    assert timed.check("key", limits).allowed
    assert timed.check("key", limits).violated == ("day",)


@pytest.mark.parametrize(
    "url",
    ["unix:///nowhere/nobody", "redis://127.0.0.1:1", "redis+cluster://127.0.0.1:1"],
)
def test_a_server_that_nobody_runs_says_so_in_time(url):
    begun = time.monotonic()
    with pytest.raises(client.RedisError):
        RedisStore(server(url), prefix="x").check("key", STARTER)
    assert time.monotonic() - begun < 1
