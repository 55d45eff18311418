"""A Redis that answers, but with an error, is as good as away: no request fails."""

import subprocess
import threading
import time
from contextlib import contextmanager

import pytest
import redis

from ratelimits.limits import FALLBACK, REDIS, Limits
from ratelimits.redis_server import Breaker, Lines
from ratelimits.redis_store import RedisStore
from ratelimits.shared import SharedStore

pytestmark = pytest.mark.services
LIMITS = Limits(per_minute=5, burst=5, daily=1_000)


@pytest.fixture
def store(redis_server):
    """One whose Redis may be asked at any time."""
    made = SharedStore(RedisStore(Lines(redis_server.url), prefix="test"), Breaker(0))
    assert made.check("warm", LIMITS).source == REDIS
    return made


def counts_alone(store, key="key"):
    """Whether the limit holds without Redis, however often it is asked in between."""
    decisions = [store.check(key, LIMITS) for _ in range(12)]
    assert {decision.source for decision in decisions} == {FALLBACK}
    return sum(decision.allowed for decision in decisions) == 5


def is_back(store):
    return store.check("later", Limits(9_999, 9_999, None)).source == REDIS


def test_no_memory_left(store, redis_server):
    redis_server.client.config_set("maxmemory", "1")
    assert counts_alone(store)
    redis_server.client.config_set("maxmemory", "0")
    assert is_back(store)


def test_a_replica_that_may_not_be_written(store, redis_server):
    redis_server.client.replicaof("127.0.0.1", "1")
    assert counts_alone(store)
    redis_server.client.replicaof("NO", "ONE")
    assert is_back(store)


@pytest.mark.parametrize("name", ["test:limits:{key}", "test:limits:{key}:day"])
def test_something_else_under_our_name(store, redis_server, name):
    redis_server.client.hset(name, "a", "b")
    assert counts_alone(store)
    assert is_back(store)


def test_a_password_that_was_set_meanwhile(store, redis_server):
    redis_server.client.config_set("requirepass", "another")
    redis_server.client.client_kill_filter(_type="normal", skipme=True)
    assert counts_alone(store)
    redis_server.client.config_set("requirepass", "")
    assert is_back(store)


def test_no_place_for_another_connection(redis_server):
    redis_server.client.ping()
    redis_server.client.config_set("maxclients", "1")
    server = Lines(redis_server.url)
    store = SharedStore(RedisStore(server, prefix="test"), Breaker(0))
    assert counts_alone(store)
    redis_server.client.config_set("maxclients", "100")
    assert is_back(store)


def test_a_script_of_somebody_that_does_not_end(store, redis_server):
    redis_server.client.config_set("busy-reply-threshold", "20")
    with running_for_ever(redis_server):
        assert counts_alone(store)
    assert is_back(store)


@contextmanager
def running_for_ever(redis_server):
    def run():
        with pytest.raises(redis.ResponseError, match="killed"):
            redis.Redis.from_url(redis_server.url).eval("while true do end", 0)

    thread = threading.Thread(target=run)
    thread.start()
    until = time.monotonic() + 10
    while time.monotonic() < until and not is_busy(redis_server.client):
        time.sleep(0.02)
    try:
        yield
    finally:
        redis_server.client.script_kill()
        thread.join()


def is_busy(client):
    try:
        return not client.ping()
    except redis.ResponseError as error:
        return "busy" in str(error)


def test_data_that_is_still_being_read(redis_server, tmp_path):
    for number in range(300):
        redis_server.client.set(f"key:{number}", "x" * 200)
    redis_server.client.save()
    redis_server.stop()
    slowly = ["--key-load-delay", "5000", "--loading-process-events-interval-bytes"]
    process = subprocess.Popen(
        [*redis_server.command, *slowly, "1024"], stdout=subprocess.DEVNULL
    )
    redis_server.process = process
    time.sleep(0.3)
    store = SharedStore(RedisStore(Lines(redis_server.url), prefix="test"), Breaker(0))
    with pytest.raises(redis.exceptions.BusyLoadingError):
        redis_server.client.ping()
    assert counts_alone(store)
    until = time.monotonic() + 20
    while time.monotonic() < until and not is_back(store):
        time.sleep(0.05)
    assert is_back(store)
