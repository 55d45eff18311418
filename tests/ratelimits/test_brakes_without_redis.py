"""The brakes hold when Redis is slow, gone or back again."""

import contextlib
import logging
import socket
import threading
import time

import pytest
from django.core.cache import caches

from ratelimits.brakes import failed
from tests.ratelimits.guessing import wait

ACCOUNT = "alice@example.com"
PAUSE = 0.3


@pytest.fixture
def use_redis(brakes):
    """Let the brakes count in the Redis at this address."""

    def use(url, pause=PAUSE):
        brakes.CACHES = {
            **brakes.CACHES,
            "brakes": {
                "BACKEND": "ratelimits.caches.FailoverCache",
                "LOCATION": url,
                "OPTIONS": {"pause": pause},
            },
        }
        return caches["brakes"]

    return use


@pytest.fixture
def nobody(tmp_path):
    """The address of a Redis that is not there."""
    return f"unix://{tmp_path}/nobody.sock"


class SilentServer:
    """Takes every connection and never answers."""

    def __init__(self, path):
        self.url = f"unix://{path}"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(64)
        self.socket.setblocking(False)

    def callers(self):
        """How many connected since this was asked last."""
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.accept()[0].close()
                count += 1
        return count


@pytest.fixture
def silent(tmp_path):
    server = SilentServer(tmp_path / "silent.sock")
    yield server
    server.socket.close()


def guess(arrive, times):
    for _ in range(times):
        failed(arrive(), "sign-in", account=ACCOUNT)


def waits(arrive):
    return wait(arrive(), "sign-in", account=ACCOUNT) > 0


def test_without_redis_the_brakes_count_in_memory(use_redis, nobody, arrive):
    use_redis(nobody)
    guess(arrive, 9)
    assert not waits(arrive)
    guess(arrive, 1)
    assert waits(arrive)


def test_a_closed_port_costs_little(use_redis):
    cache = use_redis("redis://127.0.0.1:1", pause=60)
    started = time.monotonic()
    for number in range(500):
        cache.set(f"key:{number}", number)
    assert time.monotonic() - started < 2
    assert cache.get("key:499") == 499


def test_every_method_of_a_cache_works_without_redis(use_redis, nobody):
    cache = use_redis(nobody)
    assert cache.add("a", 1)
    assert not cache.add("a", 2)
    assert cache.incr("a") == 2
    assert cache.set_many({"b": 3, "c": 4}) == []
    assert cache.get_many(["a", "b", "missing"]) == {"a": 2, "b": 3}
    assert cache.touch("a", 10)
    assert cache.has_key("a")
    assert cache.delete("a")
    cache.delete_many(["b"])
    assert cache.get("b", "gone") == "gone"
    cache.clear()
    assert cache.get("c") is None
    with pytest.raises(ValueError, match="not found"):
        cache.incr("missing")


def test_a_flood_does_not_free_a_blocked_address_in_memory(use_redis, nobody, arrive):
    use_redis(nobody)
    for _ in range(60):
        failed(arrive("203.0.113.1"), "sign-in")
    for number in range(1_000):
        failed(arrive(f"198.51.{number // 250}.{number % 250}"), "sign-in")
    assert wait(arrive("203.0.113.1"), "sign-in") > 0


def test_all_threads_share_the_memory_and_what_is_known_of_redis(use_redis, nobody):
    use_redis(nobody).set("count", 0, 60)

    def work():
        for _ in range(50):
            caches["brakes"].incr("count")

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert caches["brakes"].get("count") == 400


@pytest.mark.services
def test_with_redis_the_brakes_count_in_it(use_redis, redis_server, arrive):
    use_redis(redis_server.url)
    guess(arrive, 10)
    assert waits(arrive)
    redis_server.client.flushall()
    assert not waits(arrive)


@pytest.mark.services
def test_no_counter_in_redis_lives_for_ever(use_redis, redis_server, arrive):
    use_redis(redis_server.url)
    guess(arrive, 3)
    waits(arrive)
    keys = redis_server.client.keys()
    # Of the address and of the account: failures, and guesses under way.
    assert len(keys) == 4
    assert all(0 < redis_server.client.ttl(key) <= 905 for key in keys)


@pytest.mark.services
def test_a_killed_redis_neither_raises_nor_lets_guesses_run_free(
    use_redis, redis_server, arrive
):
    use_redis(redis_server.url)
    guess(arrive, 5)
    redis_server.stop()
    guess(arrive, 10)
    assert waits(arrive)


@pytest.mark.services
def test_a_frozen_redis_costs_one_time_out_in_a_pause(use_redis, redis_server, arrive):
    use_redis(redis_server.url, pause=30)
    guess(arrive, 5)
    redis_server.freeze()
    started = time.monotonic()
    guess(arrive, 10)
    # One time-out of 50 ms, not forty; the rest is room for a busy machine.
    assert 0.05 <= time.monotonic() - started < 1
    assert waits(arrive)


@pytest.mark.services
def test_redis_counts_again_when_it_is_back(use_redis, redis_server, arrive):
    use_redis(redis_server.url)
    guess(arrive, 10)
    redis_server.freeze()
    assert not waits(arrive)
    redis_server.thaw()
    time.sleep(PAUSE + 0.1)
    assert waits(arrive)


@pytest.mark.slow
def test_one_caller_in_a_pause_asks_whether_redis_is_back(use_redis, silent):
    use_redis(silent.url, pause=1)
    caches["brakes"].get("key")
    assert silent.callers() == 1
    caches["brakes"].get("key")
    assert silent.callers() == 0
    time.sleep(1)
    workers = [
        threading.Thread(target=lambda: caches["brakes"].get("key")) for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert silent.callers() == 1


@pytest.mark.services
@pytest.mark.slow
def test_each_change_is_logged_once_without_a_secret(
    use_redis, redis_server, arrive, caplog
):
    caplog.set_level(logging.INFO, "ratelimits.caches")
    use_redis(redis_server.url)
    guess(arrive, 3)
    redis_server.freeze()
    for _ in range(3):
        guess(arrive, 5)
        time.sleep(PAUSE + 0.05)
    redis_server.thaw()
    time.sleep(PAUSE)
    guess(arrive, 5)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "away" in lines[0]
    assert "back" in lines[1]


@pytest.mark.services
def test_a_redis_that_refuses_to_write_counts_as_away(use_redis, redis_server, arrive):
    use_redis(redis_server.url)
    redis_server.client.config_set("maxmemory", "1")
    guess(arrive, 10)
    assert waits(arrive)
