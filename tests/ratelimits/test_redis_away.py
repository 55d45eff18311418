"""Each process counts on its own while Redis is away, and hands back afterwards."""

import logging
import multiprocessing
import threading
import time

import pytest

from ratelimits.limits import DAY, FALLBACK, MEMORY, REDIS, SECOND, Limits
from ratelimits.redis_server import Breaker, Lines
from ratelimits.shared import SharedStore
from tests.ratelimits.conftest import TimedRedisStore

pytestmark = pytest.mark.services
LIMITS = Limits(per_minute=10, burst=10, daily=1_000)
WIDE = Limits(10_000, 10_000, None)
# Longer than any of these tests: nobody asks a second time by chance.
LONG = 600.0


@pytest.fixture
def process(redis_server, clock):
    """Make what one process has. All of them count under the same names."""
    prefix = f"test:{redis_server.url}"

    def make(pause=LONG):
        redis = TimedRedisStore(Lines(redis_server.url), clock)
        redis._prefix = prefix
        return SharedStore(redis, Breaker(pause), clock=clock)

    return make


def ask(store, times=1, key="key", limits=LIMITS):
    return [store.check(key, limits) for _ in range(times)]


def admitted(store, times=1, **which):
    return sum(decision.allowed for decision in ask(store, times, **which))


def sources(decisions):
    return [decision.source for decision in decisions]


def let_it_be_asked(*stores):
    """As if the pause were over."""
    for store in stores:
        store._breaker._ask_at = 0


def test_a_killed_redis_is_replaced_and_what_was_admitted_still_counts(
    process, redis_server
):
    store = process()
    assert sources(ask(store, 6)) == [REDIS] * 6
    redis_server.stop()
    decisions = ask(store, 6)
    assert sources(decisions) == [FALLBACK] * 6
    assert sum(decision.allowed for decision in decisions) == 4
    assert decisions[3].remaining == 0
    assert decisions[3].reading.day_used == 10


def test_two_processes_never_admit_more_than_twice_the_limit_over_an_outage(
    process, redis_server, clock
):
    stores = [process(), process()]
    before = admitted(stores[0], 3) + admitted(stores[1], 4)
    redis_server.freeze()
    meanwhile = sum(admitted(store, 30) for store in stores)
    redis_server.thaw()
    let_it_be_asked(*stores)
    after = sum(admitted(store, 30) for store in stores)
    assert (before, meanwhile, after) == (7, 13, 0)
    clock.move(60 * SECOND)
    assert sum(admitted(store, 30) for store in stores) == 10


def test_a_refused_caller_finds_out_too_that_redis_is_back(process, redis_server):
    store = process()
    redis_server.freeze()
    ask(store, 20)
    redis_server.thaw()
    assert ask(store)[0].source == FALLBACK
    let_it_be_asked(store)
    # A key that is hammered would else take every question, and ask none.
    assert admitted(store) == 0
    assert sources(ask(store, key="another")) == [REDIS]


def test_an_empty_redis_does_not_give_the_limit_once_more(process, redis_server):
    stores = [process(), process()]
    assert sum(admitted(store, 5) for store in stores) == 10
    redis_server.stop()
    assert sum(admitted(store, 9) for store in stores) == 10
    redis_server.start()
    let_it_be_asked(*stores)
    # Redis knows nothing, but each of them knows its own ten.
    assert sum(admitted(store, 9) for store in stores) == 0


def test_what_was_used_without_redis_is_added_to_the_day(process, redis_server, clock):
    limits = Limits(10, 10, daily=12)
    stores = [process(), process()]
    assert admitted(stores[0], 2, limits=limits) == 2
    redis_server.freeze()
    # What a frozen server was asked on an open line it counts when it thaws, too.
    for store in stores:
        ask(store, key="another")
    assert [admitted(store, 4, limits=limits) for store in stores] == [4, 4]
    redis_server.thaw()
    let_it_be_asked(*stores)
    for store in stores:
        assert sources(ask(store, key="another")) == [REDIS]
    clock.move(60 * SECOND)
    used = [store.check("key", limits, 0).reading.day_used for store in stores]
    assert used == [6, 10]
    # Told once: who looks again adds nothing.
    assert stores[0].check("key", limits, 0).reading.day_used == 10
    assert sum(admitted(store, 4, limits=limits) for store in stores) == 2


def test_what_is_owed_outlives_the_questions_whether_redis_is_back(
    process, redis_server
):
    store = process(pause=0)
    ask(store, key="another")
    redis_server.freeze()
    assert admitted(store, 6) == 6
    redis_server.thaw()
    time.sleep(0.1)
    assert sources(ask(store, key="another")) == [REDIS]
    # One may have been counted by a server that froze after it was asked.
    assert store.check("key", LIMITS, 0).reading.day_used in (6, 7)


def test_what_redis_refuses_after_an_outage_is_not_counted_here_either(
    process, redis_server
):
    other, store = process(), process()
    assert (admitted(other, 8), admitted(store, 2)) == (8, 2)
    redis_server.freeze()
    ask(store, key="another")
    redis_server.thaw()
    let_it_be_asked(store)
    assert sources(ask(store, key="another")) == [REDIS]
    refused = [store.check("key", LIMITS, cost) for cost in (3, 1)]
    assert sources(refused) == [REDIS] * 2
    assert not any(decision.allowed for decision in refused)
    redis_server.stop()
    seen = store.check("key", LIMITS, 0)
    assert seen.source == FALLBACK
    assert (seen.reading.minute_used, seen.reading.day_used) == (2, 2)


def test_what_was_used_yesterday_is_not_added_to_today(process, redis_server, clock):
    store = process()
    redis_server.freeze()
    assert admitted(store, 4) == 4
    redis_server.thaw()
    let_it_be_asked(store)
    assert sources(ask(store, key="another")) == [REDIS]
    clock.move(DAY)
    assert store.check("key", LIMITS, 0).reading.day_used == 0


def test_a_remembered_refusal_outlives_redis(process, redis_server):
    store = process()
    assert admitted(store, 11) == 10
    redis_server.stop()
    began = time.monotonic()
    assert sources(ask(store, 100)) == [MEMORY] * 100
    assert time.monotonic() - began < 1
    assert not store._breaker.down


def test_a_probe_counts_its_request_once(process, redis_server):
    store = process(pause=0)
    redis_server.stop()
    # Without a pause each of them is a probe.
    decisions = ask(store, 12)
    assert sum(decision.allowed for decision in decisions) == 10
    assert [each.reading.minute_used for each in decisions[:10]] == list(range(1, 11))
    redis_server.start()
    assert sources(ask(store, key="another")) == [REDIS]
    assert store.check("key", LIMITS, 0).reading.day_used == 10


def test_a_frozen_server_costs_one_time_out_in_a_pause(process, redis_server):
    store = process()
    ask(store)
    connections = redis_server.client.info("stats")["total_connections_received"]
    redis_server.freeze()
    began = time.monotonic()
    ask(store, 5)
    # 50 ms; the rest is room for a busy machine.
    assert 0.05 <= time.monotonic() - began < 0.3
    began = time.monotonic()
    ask(store, 2_000)
    assert time.monotonic() - began < 1
    redis_server.thaw()
    # What was too slow was not tried once more.
    stats = redis_server.client.info("stats")
    assert stats["total_connections_received"] == connections


def test_one_of_many_threads_asks_whether_it_is_back(process, redis_server):
    store = process()
    ask(store)
    redis_server.freeze()
    ask(store)
    let_it_be_asked(store)
    waits = []

    def work():
        began = time.monotonic()
        ask(store, key="another")
        waits.append(time.monotonic() - began)

    at_once(work, times=8)
    assert sorted(waits)[-1] >= 0.05
    assert sum(wait >= 0.05 for wait in waits) == 1


def test_a_server_that_was_started_anew_was_never_away(process, redis_server, caplog):
    store = process()
    at_once(lambda: ask(store, key="warm"), times=4)
    ask(store)
    redis_server.stop()
    redis_server.start()
    began = time.monotonic()
    assert sources(ask(store, 3)) == [REDIS] * 3
    assert time.monotonic() - began < 0.05
    assert not caplog.records


def test_a_late_answer_is_never_taken_for_that_to_the_next_question(
    process, redis_server
):
    store = process(pause=0)
    assert ask(store, 3, key="first")[-1].remaining == 7
    redis_server.freeze()
    assert ask(store, key="first")[0].source == FALLBACK
    redis_server.thaw()
    time.sleep(0.1)
    decision = ask(store, key="second")[0]
    assert (decision.source, decision.remaining) == (REDIS, 9)


def test_a_forked_process_has_a_line_of_its_own(process, redis_server):
    store = process()
    ask(store, limits=WIDE)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def in_child():
        decisions = ask(store, 500, key="child", limits=WIDE)
        answers.put([decision.remaining for decision in decisions])

    child = context.Process(target=in_child)
    child.start()
    mine = [each.remaining for each in ask(store, 500, key="mine", limits=WIDE)]
    theirs = answers.get(timeout=20)
    child.join()
    assert mine == theirs == list(range(9_999, 9_499, -1))


def test_threads_may_come_and_go_for_ever(process, redis_server):
    store = process()
    for number in range(150):
        at_once(lambda: ask(store, key="warm", limits=WIDE), times=1)
        if number % 50 == 0:
            assert redis_server.client.info("clients")["connected_clients"] < 20
    assert sources(ask(store)) == [REDIS]
    assert not store._breaker.down


def test_each_change_is_logged_once(process, redis_server, caplog):
    caplog.set_level(logging.INFO)
    store = process(pause=0)
    for _ in range(2):
        ask(store, 3, limits=WIDE)
        redis_server.freeze()
        ask(store, 3, limits=WIDE)
        redis_server.thaw()
        time.sleep(0.1)
        ask(store, 3, limits=WIDE)
    lines = [record.getMessage() for record in caplog.records]
    assert ["away" in line for line in lines] == [True, False] * 2
    assert ["back" in line for line in lines] == [False, True] * 2


def at_once(work, *, times):
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
