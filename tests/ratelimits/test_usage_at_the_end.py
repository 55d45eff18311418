"""What a real server has counted survives its end, and nearly all of it a crash."""

import os
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.running import running_up

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.patient]


def ask(up, times):
    key = up.account("netrecon")["api_key"]
    for _ in range(times):
        assert up.status("/api/v1/auth/whoami", X_API_KEY=key) == 200


def requests(data):
    """What the rows of the key and of its organization say."""
    with closing(sqlite3.connect(data / "doorward.sqlite3")) as database:
        found = database.execute("SELECT requests FROM ratelimits_usage").fetchall()
    return [number for (number,) in found]


def test_a_server_that_is_stopped_writes_what_it_has_counted(tmp_path):
    with running_up(tmp_path) as up:
        ask(up, 7)
        assert up.stop(signal.SIGTERM) == 0
    assert requests(tmp_path) == [7, 7]


def test_a_crash_loses_the_last_seconds_only(tmp_path):
    with running_up(tmp_path) as up:
        ask(up, 7)
        time.sleep(5)
        ask(up, 2)
        # The workers too, so that none of them ends in order.
        os.killpg(up.process.pid, signal.SIGSTOP)
        for worker in workers(up.process.pid):
            os.kill(worker, signal.SIGKILL)
        os.killpg(up.process.pid, signal.SIGKILL)
        up.process.wait(10)
    assert requests(tmp_path) in ([7, 7], [9, 9])


def workers(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(word) for word in children.read().split()]
