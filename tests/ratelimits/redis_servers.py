"""A Redis of the tests' own, which they may freeze, kill and start anew."""

import shutil
import signal
import subprocess
import time

import pytest
import redis


class RedisServer:
    """A Redis of our own on a private socket."""

    def __init__(self, folder):
        self.url = f"unix://{folder}/redis.sock"
        self.command = [
            "redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock",
            "--save", "", "--appendonly", "no", "--dir", str(folder),
        ]  # fmt: skip
        self.client = redis.Redis.from_url(self.url)

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                return self.client.ping()
            except redis.RedisError:
                time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.thaw()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis_server(tmp_path_factory):
    """One for this test alone."""
    yield from running(tmp_path_factory)


@pytest.fixture(scope="session")
def one_redis(tmp_path_factory):
    """One for all who do it no harm and use names of their own."""
    yield from running(tmp_path_factory)


def running(tmp_path_factory):
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()
    server.client.close()
