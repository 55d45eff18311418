"""/metrics over real HTTP: whichever worker is asked, it answers for all of them."""

import os
import signal
import subprocess
import time
from array import array
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ratelimits.limits import SOURCES
from tests.config.test_metrics import DECISIONS, REQUESTS, numbers
from tests.live import own_services
from tests.ratelimits.redis_servers import redis_server
from tests.running import running_up

__all__ = ["redis_server"]
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.postgres_only]

CALLS = 200
UP = "doorward_limiter_redis_up"
LIMITS = {"DOORWARD_ANONYMOUS_LIMITS": "100000/min, 10000/s"}


@pytest.fixture
def two(tmp_path, redis_server):
    """Two workers on one Redis, with their own database."""
    with own_services() as services:
        settings = {**services, **LIMITS, "REDIS_URL": redis_server.url}
        with running_up(tmp_path, "--workers", "2", **settings) as up:
            yield up


def read(up):
    answer = httpx.get(f"{up.url}/metrics")
    assert answer.status_code == 200, answer.text
    return numbers(answer.text)


def call(up, times=CALLS):
    """Each on a connection of its own, so that both workers get their share."""

    def once(_):
        assert up.status("/api/v1/scans") == 401

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(once, range(times)))


def allowed(found):
    """By whomever: on a busy machine Redis is slow at times."""
    return sum(found[DECISIONS, "allowed", source] for source in SOURCES)


def counts_of_processes(folder):
    """How many numbers above 0 each process has; it has some once it was asked."""
    return [
        sum(number > 0 for number in array("Q", file.read_bytes()))
        for file in (folder / "metrics").iterdir()
    ]


def workers(up):
    words = ["pgrep", "-P", str(up.process.pid)]
    return [int(word) for word in subprocess.check_output(words).split()]


def test_each_scrape_shows_what_both_workers_counted(two, tmp_path):
    before = read(two)
    call(two)
    counts = counts_of_processes(tmp_path)
    assert len(counts) == 2
    assert all(counts)
    for _ in range(20):
        found = read(two)
        assert allowed(found) - allowed(before) == CALLS
        assert found[REQUESTS, "4xx"] - before[REQUESTS, "4xx"] == CALLS


def test_a_worker_that_dies_takes_no_number_with_it(two, tmp_path):
    call(two)
    before = read(two)
    old = workers(two)
    os.kill(old[0], signal.SIGKILL)
    until = time.monotonic() + 20
    while len(set(workers(two)) - {old[0]}) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    # While it starts, the other one answers.
    call(two)
    assert allowed(read(two)) - allowed(before) == CALLS
    assert len(counts_of_processes(tmp_path)) == 2


def test_it_tells_who_counts_while_redis_is_away(two, redis_server):
    call(two, 20)
    wait_until_redis_is(two, 1)
    redis_server.stop()
    wait_until_redis_is(two, 0)
    before = read(two)
    call(two)
    found = read(two)
    name = (DECISIONS, "allowed", "fallback")
    assert found[name] - before[name] == CALLS
    redis_server.start()
    # No other request is needed to find out that it is back.
    wait_until_redis_is(two, 1)


def wait_until_redis_is(up, state):
    """A server that failed is left alone for a second."""
    for _ in range(20):
        if read(up)[UP,] == state:
            return
        time.sleep(0.5)
    raise AssertionError(f"{UP} does not become {state}")


def test_the_server_itself_is_read_over_http(live):
    answer = httpx.get(f"{live.url}/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert numbers(answer.text)[REQUESTS, "2xx"] > 0
    head = httpx.head(f"{live.url}/metrics")
    assert (head.status_code, head.content) == (200, b"")
    # What a proxy on this machine would pass on.
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    assert httpx.get(f"{live.url}/metrics", headers=forwarded).status_code == 404
    by_address = live.url.replace("localhost", "127.0.0.1")
    assert httpx.get(f"{by_address}/metrics", headers={"Host": "x.test"}).is_success
