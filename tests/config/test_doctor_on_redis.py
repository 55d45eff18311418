"""`manage.py doctor` tells when a Redis answers, but cannot hold the limits."""

import shutil
import socket
import subprocess
import time

import pytest
import redis

from config import checks
from tests.ratelimits.redis_servers import redis_server

__all__ = ["redis_server"]
# It brings its own server: once is enough.
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def told(settings, redis_server):
    """What is told of this test's own server: the ids, each with something to do."""
    settings.REDIS_URL = redis_server.url

    def ask(url=redis_server.url):
        settings.REDIS_URL = url
        found = list(checks.redis())
        assert all(message.hint for message in found)
        return [message.id for message in found]

    return ask


def test_a_redis_as_it_comes_is_well(told):
    assert told() == []


@pytest.mark.parametrize(
    ("policy", "memory", "expected"),
    [
        ("allkeys-lru", "100mb", ["doorward.W005"]),
        # Each count has an end, so this one evicts them just as well.
        ("volatile-ttl", "100mb", ["doorward.W005"]),
        ("noeviction", "100mb", []),
        ("allkeys-lru", "0", []),
    ],
)
def test_a_redis_that_forgets_when_it_is_full(
    told, redis_server, policy, memory, expected
):
    redis_server.client.config_set("maxmemory", memory)
    redis_server.client.config_set("maxmemory-policy", policy)
    assert told() == expected


def test_a_replica_that_only_reads(told, redis_server):
    redis_server.client.replicaof("127.0.0.1", "1")
    assert told() == ["doorward.E016"]
    redis_server.client.config_set("replica-read-only", "no")
    assert told() == []


def test_a_redis_that_does_not_answer_is_told_once(told, redis_server):
    redis_server.stop()
    assert told() == ["doorward.E014"]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def node(tmp_path):
    """The port of one node of a cluster."""
    program = shutil.which("redis-server") or pytest.skip("redis-server is missing")
    port = free_port()
    words = ["--port", str(port), "--cluster-enabled", "yes", "--bind", "127.0.0.1"]
    words += ["--cluster-port", str(free_port()), "--dir", str(tmp_path), "--save", ""]
    process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
    with redis.Redis(port=port) as client:
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.02)
    yield port
    process.kill()
    process.wait()


def test_a_cluster_that_is_addressed_as_one_server(told, node):
    assert told(f"redis://127.0.0.1:{node}") == ["doorward.E015"]
