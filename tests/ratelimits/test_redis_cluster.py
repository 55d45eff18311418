"""Limits and brakes in a cluster of Redis.

One node that holds all slots judges names as any cluster does.
"""

import shutil
import socket
import subprocess
import time

import pytest
import redis as client
from django.core.cache import caches

from ratelimits.brakes import TooManyGuesses, guess
from ratelimits.limits import REDIS, Limits
from ratelimits.redis_server import Breaker, server
from ratelimits.redis_store import RedisStore
from ratelimits.shared import SharedStore

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.postgres_only]
LIMITS = Limits(per_minute=100, burst=20, daily=10_000)


def free_ports():
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(other.getsockname()[1])


def ready(node):
    """Whether the node serves; all slots are given to it first."""
    try:
        if node.cluster("INFO")["cluster_slots_assigned"] == "0":
            node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        return node.cluster("INFO")["cluster_state"] == "ok"
    except client.RedisError:
        return False


@pytest.fixture
def cluster(tmp_path):
    """The address of a cluster, and how to kill it."""
    program = shutil.which("redis-server") or pytest.skip("redis-server is missing")
    port, bus = free_ports()
    words = ["--port", port, "--cluster-enabled", "yes", "--cluster-port", bus]
    words += ["--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    node = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
    try:
        with client.Redis(port=int(port)) as single:
            until = time.monotonic() + 10
            while time.monotonic() < until and not ready(single):
                time.sleep(0.05)
        yield f"redis+cluster://127.0.0.1:{port}", node.kill
    finally:
        node.kill()
        node.wait()


def test_limits_hold_in_a_cluster_and_without_it(cluster):
    url, kill = cluster
    redis = RedisStore(server(url, seconds=10), prefix="doorward")
    store = SharedStore(redis, Breaker())
    first = [store.check("key_01h", LIMITS) for _ in range(15)]
    assert {decision.source for decision in first} == {REDIS}
    kill()
    rest = [store.check("key_01h", LIMITS) for _ in range(15)]
    assert sum(decision.allowed for decision in first + rest) == 20


def test_brakes_count_in_a_cluster_and_without_it(cluster, brakes, arrive):
    url, kill = cluster
    brakes.CACHES = {
        **brakes.CACHES,
        "brakes": {
            "BACKEND": "ratelimits.caches.FailoverCache",
            "LOCATION": url,
            "KEY_PREFIX": "doorward:brakes",
        },
    }

    def wrong():
        with guess(arrive(), "sign-in", account="alice@example.com") as one:
            one.wrong()

    for _ in range(9):
        wrong()
    with client.Redis.from_url(url.replace("+cluster", "")) as node:
        assert node.keys("doorward:brakes:*")
    caches["brakes"].clear()
    for _ in range(9):
        wrong()
    kill()
    for _ in range(10):
        wrong()
    with pytest.raises(TooManyGuesses):
        wrong()
