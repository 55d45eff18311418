"""A Redis of the benchmark's own, on loopback and on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from redis.client import Monitor

from ratelimits.redis_server import Lines
from tests import servers
from tests.running import free_port

# The application gives up after 50 ms; a pause of this machine must not end a run.
PATIENT = 20.0


@dataclass(frozen=True, slots=True)
class OwnRedis:
    """Its addresses, and a connection to ask it about itself."""

    version: str
    tcp: str
    socket: str
    client: redis.Redis

    def info(self, section: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.info(section)
        return found

    def monitor(self) -> Monitor:
        return Monitor(self.client.connection_pool)  # type: ignore[no-untyped-call]


@contextmanager
def own_redis() -> Iterator[OwnRedis]:
    with servers.redis() as server, redis.Redis.from_url(server.url) as client:
        port = free_port()
        client.config_set("bind", "127.0.0.1")
        client.config_set("port", port)
        tcp = f"redis://127.0.0.1:{port}"
        yield OwnRedis(server.version, tcp, server.url, client)


def lines(url: str) -> Lines:
    """Asked as the application asks, but with patience."""
    return Lines(url, seconds=PATIENT)
