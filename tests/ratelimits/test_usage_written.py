"""Counts reach the rows once, whoever else writes the same rows at the same time."""

import os
import subprocess
import sys
import threading
import time
from datetime import date

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from config import settings as deployed
from ratelimits import ledger
from ratelimits.counted import MOST_NAMES, ORGANIZATION, REST, Counted, Use
from ratelimits.models import Usage
from ratelimits.usage import MOST_ASKED, Recorder
from tests.accounts.conftest import file_database as file_database

pytestmark = pytest.mark.django_db
KEY = Counted("key_1", "api_key", "org_1", "live")
USE = Use("allowed", 1, 200, "GET /a", "192.0.2.1", "curl/8.1")


@pytest.fixture
def recorder():
    return Recorder()


def count(recorder, times=1, key=KEY, **changes):
    for _ in range(times):
        recorder.note(key, USE._replace(**changes), now=time.time_ns())


def row(credential="key_1"):
    return Usage.objects.get(credential=credential)


def test_counts_are_added_to_the_row_and_to_the_organizations(recorder):
    for times in (3, 4):
        count(recorder, times)
        count(
            recorder, 2, KEY._replace(credential="key_2"), outcome="limited", charged=0
        )
        recorder.flush()
    assert (row().requests, row().charged, row().allowed) == (7, 7, 7)
    whole = row("org_1")
    assert (whole.kind, whole.organization) == (ORGANIZATION, "org_1")
    assert (whole.requests, whole.charged, whole.limited) == (11, 7, 4)
    assert whole.details == {
        "endpoints": {"GET /a": 11},
        "statuses": {"200": 11},
        "addresses": {"192.0.2.1": 11},
        "agents": {"curl/8.1": 11},
        "scopes": {},
        "reports": {},
        "turned_away": {},
    }


def test_nothing_counted_is_nothing_written(recorder, django_assert_num_queries):
    with django_assert_num_queries(0):
        recorder.flush()


def test_a_flush_writes_each_row_once(recorder):
    count(recorder)
    recorder.flush()
    count(recorder, 50)
    with CaptureQueriesContext(connection) as captured:
        recorder.flush()
    writes = [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))
    ]
    assert len(writes) == 1, writes
    # Each row stands in it once: the key's, and the organization's.
    assert writes[0].count("key_1") == 1
    assert row().requests == 51


def test_a_row_is_written_at_most_twenty_times_a_minute():
    assert 60 / deployed.USAGE_SECONDS + 1 + MOST_ASKED <= 20
    assert deployed.USAGE_SECONDS < 5


def test_a_reader_has_it_written_so_many_times_a_minute(recorder):
    for _ in range(MOST_ASKED):
        count(recorder)
        recorder.catch_up()
    assert row().requests == MOST_ASKED
    count(recorder)
    recorder.catch_up()
    assert row().requests == MOST_ASKED
    recorder.flush()
    assert row().requests == MOST_ASKED + 1


def test_who_reads_when_there_is_nothing_to_write_uses_nothing_up(recorder):
    for _ in range(MOST_ASKED + 1):
        recorder.catch_up()
    count(recorder)
    recorder.catch_up()
    assert row().requests == 1


def test_what_was_counted_without_scopes_stays_unknown(recorder):
    count(recorder, 2)
    recorder.flush()
    Usage.objects.update(details={"statuses": {"200": 2}})
    count(recorder, scopes=("scans_read",))
    recorder.flush()
    assert row().details["scopes"] == {REST: 2, "scans_read": 1}
    count(recorder, scopes=("scans_read",))
    recorder.flush()
    assert row().details["scopes"] == {REST: 2, "scans_read": 2}


def test_a_row_holds_so_many_names_and_counts_the_rest(recorder):
    for part in range(3):
        for number in range(100):
            count(recorder, address=f"192.0.{part}.{number}")
        recorder.flush()
    addresses = row().details["addresses"]
    assert len(addresses) == MOST_NAMES["addresses"] + 1
    assert addresses[REST] == 100
    assert sum(addresses.values()) == row().requests == 300


def test_the_two_days_of_a_midnight_are_two_rows(recorder):
    for now in (86_400 * 10**9 - 1, 86_400 * 10**9):
        recorder.note(KEY, USE, now=now)
    recorder.flush()
    days = Usage.objects.filter(credential="key_1").order_by("day")
    assert [each.day for each in days] == [date(1970, 1, 1), date(1970, 1, 2)]
    assert [each.requests for each in days] == [1, 1]


def test_live_and_sandbox_of_an_organization_are_two_rows(recorder):
    count(recorder)
    count(recorder, 2, KEY._replace(credential="key_2", environment="test"))
    recorder.flush()
    rows = Usage.objects.filter(credential="org_1").order_by("environment")
    assert [(each.environment, each.requests) for each in rows] == [
        ("live", 1),
        ("test", 2),
    ]


def test_what_was_charged_today_is_told_by_key(recorder):
    count(recorder, 5)
    count(recorder, 2, KEY._replace(credential="key_2"), outcome="expired", charged=0)
    recorder.note(KEY._replace(credential="key_3"), USE, now=0)
    recorder.flush()
    assert ledger.charged_today() == {"key_1": 5}


def test_telling_it_is_one_query(recorder, django_assert_num_queries):
    with django_assert_num_queries(1):
        ledger.charged_today()


# Many at once


@pytest.mark.django_db(transaction=True)
def test_eight_threads_lose_nothing(file_database, recorder):
    others = [recorder, recorder, Recorder(), Recorder()]

    def work(number):
        mine = others[number % 4]
        try:
            for round_ in range(20):
                count(mine, 5, KEY._replace(credential=f"key_{round_ % 3}"))
                mine.flush()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in others:
        each.flush()
    found = dict(Usage.objects.values_list("credential", "requests"))
    assert found == {"key_0": 280, "key_1": 280, "key_2": 240, "org_1": 800}
    assert sum(row("org_1").details["addresses"].values()) == 800


PROCESS = """
import sys, time, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from ratelimits.counted import Counted, Use
from ratelimits.usage import Recorder
recorder, key = Recorder(), Counted("key_1", "api_key", "org_1", "live")
print("ready", flush=True)
sys.stdin.readline()
for number in range(30):
    for _ in range(10):
        use = Use("allowed", 1, 200, "GET /a", f"192.0.2.{number}", sys.argv[2])
        recorder.note(key, use, now=time.time_ns())
    recorder.attempt()
# SQLite may keep one of two writers waiting for longer than it waits.
while recorder.pending:
    recorder.attempt()
"""


@pytest.mark.django_db(transaction=True)
def test_processes_that_write_the_same_row_at_once_lose_nothing(file_database):
    name = str(connection.settings_dict["NAME"])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, name, f"agent {number}"],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    for credential in ("key_1", "org_1"):
        assert row(credential).requests == row(credential).charged == 600
        assert row(credential).details["agents"] == {"agent 0": 300, "agent 1": 300}
