"""Guesses at the same moment do not slip past, and right ones are not refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import caches

from ratelimits import in_flight
from ratelimits.brakes import MOST_QUEUING, TooManyGuesses, guess
from tests.ratelimits.guessing import wait, wrong

ALICE = "alice@example.com"


@pytest.fixture(params=["memory", "redis"])
def counted_in(request, brakes):
    """Each of the two stores that the brakes may count in, empty."""
    if request.param == "memory":
        return None
    server = request.getfixturevalue("redis_server")
    brakes.CACHES = {
        **brakes.CACHES,
        "brakes": {
            "BACKEND": "ratelimits.caches.FailoverCache",
            "LOCATION": server.url,
            # A busy machine must not be taken for a Redis that is away.
            "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5},
        },
    }
    return server


def at_once(action, times, threads=100):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(action, range(times)))


def guess_slowly(request, account, *, checked):
    """A wrong guess whose check takes as long as that of a password."""
    try:
        with guess(request, "sign-in", account=account) as this:
            checked.append(account)
            time.sleep(0.02)
            this.wrong()
    except TooManyGuesses as refusal:
        return refusal.seconds
    return 0


def addresses(number):
    return f"198.51.100.{number}"


@pytest.mark.usefixtures("counted_in")
def test_of_many_wrong_guesses_at_once_as_many_as_the_limit_are_checked(arrive):
    checked = []
    with time_machine.travel(1_795_262_437, tick=False):
        at_once(
            lambda n: guess_slowly(arrive(addresses(n % 200)), ALICE, checked=checked),
            times=300,
        )
        assert len(checked) == 10
        assert wait(arrive("192.0.2.1"), account=ALICE) > 1


@pytest.mark.usefixtures("counted_in")
def test_the_same_holds_for_many_accounts_from_one_address(arrive):
    checked = []
    with time_machine.travel(1_795_262_437, tick=False):
        at_once(
            lambda n: guess_slowly(arrive(), f"user{n}@example.com", checked=checked),
            times=300,
        )
        assert len(checked) == 60
        assert wait(arrive(), account="fresh@example.com") > 1


@pytest.mark.usefixtures("counted_in")
@pytest.mark.parametrize("failures", [0, 5])
def test_right_guesses_at_once_queue_and_are_never_refused(arrive, failures):
    def right(_number):
        try:
            with guess(arrive(), "sign-in", account=ALICE):
                time.sleep(0.01)
                return 0
        except TooManyGuesses as refusal:
            return refusal.seconds

    for _ in range(failures):
        wrong(arrive(), account=ALICE)
    assert at_once(right, times=64, threads=16) == [0] * 64


@pytest.mark.usefixtures("brakes")
def test_who_would_be_one_too_many_waits_for_the_outcome(arrive):
    """Nine have failed and one is under way: the next is neither let in nor refused."""
    for _ in range(9):
        wrong(arrive(), account=ALICE)
    with ThreadPoolExecutor(1) as pool:
        with guess(arrive(), "sign-in", account=ALICE):
            queuing = pool.submit(wait, arrive(), account=ALICE)
            time.sleep(0.2)
            assert not queuing.done()
        assert queuing.result() == 0


@pytest.mark.usefixtures("brakes")
def test_who_queues_is_refused_as_soon_as_the_limit_is_reached(arrive):
    for _ in range(9):
        wrong(arrive(), account=ALICE)
    with ThreadPoolExecutor(1) as pool:
        with guess(arrive(), "sign-in", account=ALICE) as last:
            queuing = pool.submit(wait, arrive(), account=ALICE)
            time.sleep(0.1)
            last.wrong()
        begun = time.monotonic()
        assert queuing.result() > 0
        assert time.monotonic() - begun < 1


@pytest.mark.usefixtures("brakes")
def test_a_queue_ends_and_is_told_one_second(arrive):
    for _ in range(9):
        wrong(arrive(), account=ALICE)
    begun = time.monotonic()
    with guess(arrive(), "sign-in", account=ALICE):
        assert wait(arrive(), account=ALICE) == 1
    assert 1 < time.monotonic() - begun < 10


@pytest.mark.usefixtures("brakes")
def test_some_threads_are_held_by_who_queues_for_a_moment_only(arrive):
    for _ in range(9):
        wrong(arrive(), account=ALICE)
    with ThreadPoolExecutor(MOST_QUEUING) as pool:
        with guess(arrive(), "sign-in", account=ALICE):
            held = [
                pool.submit(wait, arrive(), account=ALICE) for _ in range(MOST_QUEUING)
            ]
            time.sleep(0.3)
            begun = time.monotonic()
            assert wait(arrive(), account=ALICE) == 1
            assert time.monotonic() - begun < 1
        assert [one.result() for one in held] == [0] * MOST_QUEUING


@pytest.mark.usefixtures("brakes")
def test_a_fault_in_the_check_is_no_failure_and_leaves_its_place(arrive):
    for _ in range(30):
        with pytest.raises(ZeroDivisionError), guess(arrive(), "g", account=ALICE):
            1 / 0  # noqa: B018
    assert wait(arrive(), "g", account=ALICE) == 0


@pytest.mark.usefixtures("brakes")
def test_the_places_of_a_killed_process_are_forgotten_however_often_one_knocks(arrive):
    with time_machine.travel(1_795_262_437, tick=False) as clock:
        for _ in range(60):
            in_flight.enter("gone")
        for _ in range(4):
            clock.shift(15)
            place, taken = in_flight.enter("gone")
            in_flight.leave(place)
        assert taken == 1


@pytest.mark.usefixtures("brakes")
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_guesses_see_each_other_over_a_seam_and_with_clocks_that_differ(step):
    with time_machine.travel(1_795_262_400, tick=False) as clock:
        in_flight.enter("key")
        clock.shift(step * in_flight.SPAN_SECONDS)
        assert in_flight.enter("key")[1] == 2


@pytest.mark.usefixtures("brakes")
def test_places_given_back_to_another_cache_let_nobody_slip_past():
    """Redis went away: what it had counted is given back to the memory."""
    first, _ = in_flight.enter("key")
    for _ in range(5):
        in_flight.leave(first)
    assert in_flight.count("key") == 0
    assert in_flight.enter("key")[1] == 1
    caches["brakes"].clear()
    in_flight.leave(first)
    assert in_flight.enter("key")[1] == 1


def test_a_redis_that_dies_under_guesses_neither_raises_nor_refuses(
    redis_server, brakes, arrive
):
    brakes.CACHES = {
        **brakes.CACHES,
        "brakes": {
            "BACKEND": "ratelimits.caches.FailoverCache",
            "LOCATION": redis_server.url,
        },
    }
    ended = threading.Event()

    def keep_guessing(number):
        told = []
        while not ended.is_set():
            told.append(wait(arrive(addresses(number)), account=f"user{number}"))
        return told

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(keep_guessing, number) for number in range(8)]
        time.sleep(0.3)
        redis_server.stop()
        time.sleep(0.5)
        ended.set()
        assert {told for one in running for told in one.result()} == {0}
