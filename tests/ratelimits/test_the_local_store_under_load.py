"""Many threads, many keys, little memory."""

import sys
import threading
import time

import pytest

from ratelimits.limits import DAY, MINUTE, Limits
from ratelimits.local import LocalStore


class RestlessKey(str):
    """Lets another thread run at every look-up: a race shows at once."""

    __slots__ = ()

    def __hash__(self):
        time.sleep(0)
        return super().__hash__()


def hammer(store, limits, *, threads=8, times=50):
    """Ask from many threads at once; how often the answer was yes."""
    start = threading.Barrier(threads)
    allowed = []

    def work():
        start.wait()
        key = RestlessKey("key")
        answers = [store.check(key, limits).allowed for _ in range(times)]
        allowed.append(sum(answers))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(allowed)


@pytest.mark.parametrize(
    "limits", [Limits(100, 500, None), Limits(500, 100, None), Limits(500, 500, 100)]
)
def test_eight_threads_get_exactly_the_limit(clock, limits):
    assert [hammer(LocalStore(clock), limits) for _ in range(3)] == [100] * 3


def test_the_store_keeps_the_time_of_the_process_by_default():
    assert hammer(LocalStore(), Limits(100, 100, 100)) == 100


def test_a_full_minute_of_an_enterprise_key_takes_less_than_24_kib(local, clock):
    limits = Limits(2_000, 500, None)
    for _ in range(6_000):
        local.check("key", limits)
        clock.move(MINUTE // 2_000)
    assert local.check("key", limits, 0).reading.minute_used == 2_000 - 1
    assert sys.getsizeof(local._logs["key"]) < 24 * 1024


@pytest.mark.parametrize("limits", [Limits(1, 1, None), Limits(9, 9, 1)])
def test_the_key_that_was_silent_for_longest_is_forgotten_first(clock, limits):
    store = LocalStore(clock, most_keys=3)
    for key in ("quiet", "busy", "other"):
        store.check(key, limits)
    # A refusal is a sign of life too.
    assert not store.check("busy", limits).allowed
    for number in range(2):
        store.check(f"new {number}", limits)
    assert not store.check("busy", limits).allowed
    assert store.check("quiet", limits).allowed


def test_made_up_keys_never_hold_more_memory_than_the_cap(clock):
    store = LocalStore(clock, most_keys=100)
    for number in range(1_000):
        store.check(f"made up {number}", Limits(5, 5, 5))
    assert len(store._logs) == 100
    assert len(store._used_today) == 100


def test_a_busy_key_keeps_its_count_however_many_others_appear(clock):
    store = LocalStore(clock, most_keys=50)
    limits = Limits(10, 10, 10)
    for _ in range(10):
        store.check("busy", limits)
    for number in range(500):
        store.check(f"made up {number}", limits)
        if number % 40 == 0:
            assert not store.check("busy", limits).allowed


def test_logs_that_say_nothing_any_more_are_given_back(local, clock):
    for number in range(500):
        local.check(f"old {number}", Limits(5, 5, 5))
    clock.move(MINUTE)
    for number in range(300):
        local.check(f"new {number}", Limits(5, 5, 5))
    assert len(local._logs) == 300


def test_what_was_used_today_outlives_the_log(local, clock):
    limits = Limits(5, 5, 2)
    for _ in range(2):
        local.check("key", limits)
    clock.move(MINUTE)
    for number in range(5):
        local.check(f"other {number}", limits)
    assert local.check("key", limits).violated == ("day",)


def test_a_new_day_gives_all_counters_back(local, clock):
    for number in range(50):
        local.check(f"old {number}", Limits(5, 5, 5))
    clock.move(DAY)
    local.check("new", Limits(5, 5, 5))
    assert len(local._used_today) == 1
