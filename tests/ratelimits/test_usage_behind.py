"""Counts that cannot be written wait, and a thread writes them behind the requests."""

import logging
import os
import sys
import threading
import time

import pytest
from django.db import OperationalError

from ratelimits import ledger, usage
from ratelimits.counted import Use
from ratelimits.models import Usage
from ratelimits.usage import Recorder
from tests.accounts.conftest import file_database as file_database
from tests.ratelimits.test_usage_written import KEY, USE, count, row
from tests.ratelimits.test_usage_written import recorder as recorder

pytestmark = pytest.mark.django_db


class Trouble:
    """The real `ledger.add`, which cannot write while there is a fault."""

    def __init__(self, monkeypatch):
        self.fault = None
        self.write = ledger.add
        monkeypatch.setattr(ledger, "add", self)

    def __call__(self, batch):
        if self.fault:
            raise self.fault
        self.write(batch)


@pytest.fixture
def trouble(monkeypatch):
    return Trouble(monkeypatch)


def test_what_could_not_be_written_is_written_later_and_once(recorder, trouble):
    trouble.fault = OperationalError("away")
    for _ in range(3):
        count(recorder, 2)
        with pytest.raises(OperationalError):
            recorder.flush()
    trouble.fault = None
    count(recorder)
    recorder.flush()
    recorder.flush()
    assert row().requests == 7
    assert sum(row().details["addresses"].values()) == 7


def test_what_is_counted_while_a_flush_fails_is_kept_as_well(recorder, monkeypatch):
    def fail(batch):
        count(recorder, 2)
        raise OperationalError("away")

    count(recorder, 3)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "add", fail)
        with pytest.raises(OperationalError):
            recorder.flush()
    recorder.flush()
    assert row().requests == sum(row().details["agents"].values()) == 5


def test_what_is_counted_while_a_flush_goes_on_is_not_lost(recorder):
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=count, args=(recorder, 5_000)) for _ in "1234"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        recorder.flush()
    sys.setswitchinterval(before)
    recorder.flush()
    assert row().requests == row("org_1").requests == 20_000


def test_a_request_that_is_being_counted_is_written_whole(recorder):
    begun, go_on = threading.Event(), threading.Event()

    class SlowUse(Use):
        @property
        def agent(self):
            begun.set()
            go_on.wait(10)
            return "curl/8.1"

    use = SlowUse(*USE)
    counting = threading.Thread(target=lambda: recorder.note(KEY, use, now=0))
    counting.start()
    assert begun.wait(10)
    threading.Timer(0.2, go_on.set).start()
    recorder.flush()
    counting.join()
    recorder.flush()
    assert row().requests == sum(row().details["agents"].values()) == 1


def test_batches_that_were_written_before_the_fault_are_not_written_again(
    recorder, monkeypatch
):
    monkeypatch.setattr(ledger, "MOST_ROWS", 4)
    write, batches = ledger.add, []

    def second_fails(batch):
        batches.append(batch)
        if len(batches) == 2:
            raise OperationalError("away")
        write(batch)

    monkeypatch.setattr(ledger, "add", second_fails)
    for number in range(9):
        count(recorder, 1, KEY._replace(credential=f"key_{number}"))
    with pytest.raises(OperationalError):
        recorder.flush()
    recorder.flush()
    found = Usage.objects.of_credentials().values_list("requests", flat=True)
    assert list(found) == [1] * 9
    assert row("org_1").requests == 9


def test_a_fault_in_the_middle_of_a_batch_writes_none_of_it(recorder, monkeypatch):
    count(recorder, 3)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_summed", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            recorder.flush()
    assert not Usage.objects.exists()
    recorder.flush()
    assert row().requests == 3


def test_trouble_is_logged_when_it_begins_and_when_it_ends(
    recorder, trouble, caplog, monkeypatch
):
    monkeypatch.setattr(usage, "_let_go", lambda: None)
    caplog.set_level(logging.WARNING, "ratelimits.usage")
    trouble.fault = OperationalError("password of the database")
    for _ in range(5):
        count(recorder)
        recorder.attempt()
    trouble.fault = None
    recorder.attempt()
    recorder.attempt()
    assert [record.getMessage() for record in caplog.records] == [
        "Usage cannot be written: OperationalError",
        "Usage is written again.",
    ]
    assert row().requests == 5


# The thread


@pytest.fixture
def own_recorder(settings, file_database):
    """A recorder whose thread writes all the time. It ends with the test."""
    settings.USAGE_SECONDS = 0.05
    made = Recorder()
    yield made
    settings.USAGE_SECONDS = 0
    made._thread.join(timeout=10)


def wait_until(true, seconds=10):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_behind_the_requests(own_recorder):
    count(own_recorder, 3)
    wait_until(lambda: Usage.objects.filter(credential="key_1", requests=3).exists())
    count(own_recorder, 2)
    wait_until(lambda: Usage.objects.filter(credential="key_1", requests=5).exists())


@pytest.mark.django_db(transaction=True)
def test_the_thread_goes_on_after_the_database_failed(own_recorder, trouble):
    trouble.fault = OperationalError("away")
    count(own_recorder, 3)
    wait_until(lambda: own_recorder._trouble)
    trouble.fault = None
    wait_until(lambda: Usage.objects.filter(credential="key_1", requests=3).exists())


def test_too_many_that_wait_are_written_at_once(
    settings, file_database, monkeypatch, transactional_db
):
    settings.USAGE_SECONDS = 30
    monkeypatch.setattr(usage, "MOST_PENDING", 10)
    recorder = Recorder()
    for number in range(10):
        count(recorder, 1, KEY._replace(credential=f"key_{number}"))
    wait_until(lambda: row_count() == 11)
    settings.USAGE_SECONDS = 0
    recorder._full.set()
    recorder._thread.join(timeout=10)


def row_count():
    return Usage.objects.count()


def test_a_forked_process_begins_with_nothing():
    usage.note(KEY, USE, now=time.time_ns())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(len(usage.recorder.pending)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"0"
    assert len(usage.recorder.pending) == 1
    for end in (reading, writing):
        os.close(end)


@pytest.mark.postgres_only
def test_a_row_that_is_refused_holds_up_no_other(recorder, caplog):
    """SQLite would take a name of any length."""
    endless = KEY._replace(credential="key_" + "x" * 100)
    recorder.note(endless, USE, now=time.time_ns())
    count(recorder, 3)
    recorder.flush()
    assert row().requests == 3
    assert not recorder.pending
    assert "Usage of key_xxx" in caplog.text
