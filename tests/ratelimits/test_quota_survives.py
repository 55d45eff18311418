"""A restart of the embedded default gives nobody a new day."""

import os
import signal
import subprocess
import time

import httpx
import pytest

from ratelimits.limits import DAY, MINUTE, SECOND, Limits
from ratelimits.local import LocalStore
from tests.running import Up, running_up

LIMITS = Limits(per_minute=50, burst=50, daily=9)
# What is counted is written behind, and so much may be lost.
MOST_SECONDS = 5


def test_what_was_used_before_counts_for_the_day_alone(local):
    local.restore({"key": 7, "other": 2})
    decision = local.check("key", LIMITS)
    assert (decision.reading.minute_used, decision.reading.day_used) == (1, 8)
    assert local.check("key", LIMITS).allowed
    assert local.check("key", LIMITS).violated == ("day",)


def test_what_was_used_meanwhile_is_added_to_what_was_before(local):
    local.check("key", LIMITS)
    local.restore({"key": 7})
    assert local.check("key", LIMITS, 0).reading.day_used == 8


def test_what_was_restored_is_of_today(local, clock):
    local.restore({"key": 9})
    clock.move(DAY)
    assert local.check("key", LIMITS).allowed


def test_a_note_of_another_store_counts_in_every_window(local, clock):
    for _ in range(3):
        local.note("key", 3)
        clock.move(SECOND)
    decision = local.check("key", LIMITS)
    assert decision.violated == ("day",)
    assert (decision.reading.minute_used, decision.reading.day_used) == (9, 9)
    clock.move(MINUTE)
    assert local.check("key", LIMITS, 0).reading.minute_used == 0


def test_more_than_the_cap_is_not_restored(clock):
    store = LocalStore(clock, most_keys=10)
    store.restore({f"key {number}": 5 for number in range(50)})
    assert len(store._used_today) == 10


def kill(up):
    """The server and its worker, without a chance to write anything."""
    words = ["pgrep", "-P", str(up.process.pid)]
    workers = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for process in [up.process.pid, *map(int, workers.split())]:
        os.kill(process, signal.SIGKILL)
    up.process.wait(20)


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.sqlite_only
@pytest.mark.parametrize("end", [Up.stop, kill])
def test_a_used_up_day_stays_used_up_when_the_server_starts_anew(tmp_path, end):
    with running_up(tmp_path) as up, httpx.Client(base_url=up.url) as calls:
        manager = {"X-API-Key": up.account("netallion")["api_key"]}
        wish = {"name": "Few", "scopes": ["scan:read"], "limits": {"daily": 9}}
        made = calls.post("/api/v1/api-keys", json=wish, headers=manager).json()
        headers = {"X-API-Key": made["key"]}
        answers = [calls.get("/api/v1/scans", headers=headers) for _ in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 9 + [429]
        if end is kill:
            time.sleep(MOST_SECONDS)
        end(up)
    with running_up(tmp_path) as up, httpx.Client(base_url=up.url) as calls:
        answer = calls.get("/api/v1/scans", headers=headers)
        assert answer.status_code == 429
        assert answer.json()["violated-policies"] == ["day"]
