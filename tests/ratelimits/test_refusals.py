"""A key that is hammered costs Redis about one question for each admitted request."""

import pytest

from ratelimits.limits import DAY, MEMORY, MINUTE, SECOND, Limits
from ratelimits.redis_server import Breaker
from ratelimits.refusals import MOST_KEYS, Refusals
from ratelimits.shared import SharedStore
from tests.ratelimits.conftest import TimedRedisStore, patient

STARTER = Limits(per_minute=100, burst=20, daily=10_000)


class CountingStore(TimedRedisStore):
    """Knows how often it was asked."""

    asked = 0

    def _run(self, *words):
        self.asked += 1
        return super()._run(*words)


@pytest.fixture
def redis(one_redis, clock):
    return CountingStore(patient(one_redis), clock)


@pytest.fixture
def processes(redis, clock):
    """Two processes that count in one Redis."""
    return [SharedStore(redis, Breaker(), clock=clock) for _ in range(2)]


def hammer(processes, clock, limits, *, seconds, pace):
    """Ask them in turn, this many times a second. How many were admitted."""
    admitted = 0
    for number in range(seconds * pace):
        admitted += processes[number % 2].check("key", limits).allowed
        clock.move(SECOND // pace)
    return admitted


def test_a_hammered_key_costs_about_one_question_for_each_admitted(
    processes, redis, clock
):
    admitted = hammer(processes, clock, STARTER, seconds=180, pace=50)
    assert admitted == 300
    # Each process asks once where one of them is let in, and the burst refuses too.
    assert redis.asked <= 2 * admitted + 20


def test_a_key_whose_day_is_used_up_asks_once_in_a_minute(processes, redis, clock):
    limits = Limits(per_minute=1_000, burst=1_000, daily=5)
    hammer(processes, clock, limits, seconds=70, pace=20)
    asked = redis.asked
    hammer(processes, clock, limits, seconds=600, pace=20)
    assert redis.asked - asked <= 2 * 11


def test_what_is_remembered_says_what_the_store_would_say(processes, clock, dice):
    asks, looks = processes
    chance, from_memory = dice(5), 0
    for _ in range(3_000):
        clock.move(chance.choice([0, 1_000, SECOND // 50, SECOND // 3]))
        decision = asks.check("key", STARTER)
        if decision.source == MEMORY:
            from_memory += 1
            # A fresh look-up by a process that remembers nothing.
            looks._refusals = Refusals(clock)
            assert looks.check("key", STARTER)[:-1] == decision[:-1]
    assert from_memory > 1_000


def test_another_plan_is_asked_for_at_once(processes, clock):
    small, large = Limits(5, 5, 5), Limits(50, 50, None)
    for _ in range(6):
        decision = processes[0].check("key", small)
    assert processes[0].check("key", small).source == MEMORY
    assert not decision.allowed
    assert processes[0].check("key", large).allowed
    assert not processes[0].check("key", small).allowed


def test_a_look_and_a_dearer_request_are_never_answered_from_memory(processes, redis):
    limits = Limits(5, 5, 5)
    for _ in range(6):
        processes[0].check("key", limits)
    asked = redis.asked
    assert processes[0].check("key", limits, 0).allowed
    assert not processes[0].check("key", limits, 2).allowed
    assert redis.asked == asked + 2


def test_nothing_is_remembered_for_longer_than_a_minute(redis, clock):
    limits, memory = Limits(9, 9, 1), Refusals(clock)
    redis.check("key", limits)
    clock.move(MINUTE)
    refused = redis.check("key", limits)
    assert refused.retry_after == DAY // 2 // SECOND - 60
    memory.remember("key", limits, refused.reading, asked_at=clock.monotonic_ns())
    clock.move(59 * SECOND)
    assert memory.recall("key", limits).retry_after == refused.retry_after - 59
    clock.move(SECOND)
    assert memory.recall("key", limits) is None


def test_a_refusal_is_forgotten_a_thousandth_before_its_end(redis, clock):
    """This process's clock may be slower than the store's: who may come in is asked
    for."""
    limits, memory = Limits(9, 1, None), Refusals(clock)
    redis.check("key", limits)
    refused = redis.check("key", limits)
    assert refused.reading.burst_wait == SECOND
    memory.remember("key", limits, refused.reading, asked_at=clock.monotonic_ns())
    clock.move(SECOND - SECOND // 1_000 - 1_000)
    assert memory.recall("key", limits) is not None
    clock.move(1_000)
    assert memory.recall("key", limits) is None


def test_the_time_of_the_question_is_given_to_the_caller(redis, clock):
    """What takes 40 ms on the wire never makes a wait too short, nor a memory too
    long."""
    limits, memory = Limits(9, 1, None), Refusals(clock)
    redis.check("key", limits)
    asked_at = clock.monotonic_ns()
    clock.move(20_000_000)
    refused = redis.check("key", limits)
    clock.move(20_000_000)
    memory.remember("key", limits, refused.reading, asked_at=asked_at)
    assert memory.recall("key", limits).reading.burst_wait >= SECOND - 20_000_000
    clock.move(asked_at + refused.reading.burst_wait - clock.monotonic_ns())
    assert memory.recall("key", limits) is None


def test_a_remembered_wait_is_never_more_than_a_second_too_long(redis, clock, dice):
    """Nor too short, however long the question took and whenever the store saw it."""
    limits, chance = Limits(5, 5, None), dice(7)
    remembered = 0
    for number in range(400):
        key, memory = f"key {number}", Refusals(clock)
        for _ in range(5):
            redis.check(key, limits)
            clock.move(chance.randrange(SECOND))
        asked_at = clock.monotonic_ns()
        clock.move(chance.randrange(30_000_000))
        refused = redis.check(key, limits)
        until = clock.monotonic_ns() + refused.reading.minute_wait
        clock.move(chance.randrange(30_000_000))
        if refused.allowed:
            continue
        memory.remember(key, limits, refused.reading, asked_at=asked_at)
        for _ in range(20):
            clock.move(chance.randrange(SECOND // 2))
            told = memory.recall(key, limits)
            if told is not None:
                remembered += 1
                wait = until - clock.monotonic_ns()
                assert wait <= told.retry_after * SECOND <= wait + SECOND
    assert remembered > 5_000


def test_made_up_keys_never_hold_more_memory_than_the_cap(redis, clock):
    limits, memory = Limits(1, 1, None), Refusals(clock)
    redis.check("key", limits)
    reading = redis.check("key", limits).reading
    for number in range(MOST_KEYS + 10):
        memory.remember(f"made up {number}", limits, reading, asked_at=clock.steady)
    assert len(memory._refused) <= MOST_KEYS
