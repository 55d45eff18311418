"""Jobs run beside the requests, each at its pace, and one that fails stops no other."""

import signal
import subprocess
import sys
import threading
import time

import pytest
from django.db import OperationalError

from accounts import background
from accounts.background import Background
from tests.accounts import jobs
from tests.running import ROOT, clean_environment, command

NOTE = "tests.accounts.jobs.note"
SHAKY = "tests.accounts.jobs.shaky"
CONNECT = "tests.accounts.jobs.connect"
LOST = "tests.accounts.jobs.lost"


def wait_until(true, seconds=10):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def runs():
    """What the jobs noted. Nothing fails unless a test says so."""
    jobs.runs.clear()
    jobs.trouble.clear()
    return jobs.runs


@pytest.fixture
def own(settings, runs):
    """own({name: seconds}) -> a background with these jobs. It ends with the test."""
    made = []

    def make(periods):
        settings.BACKGROUND, settings.BACKGROUND_JOBS = True, periods
        made.append(Background())
        return made[-1]

    yield make
    for one in made:
        one.stop()
        one.wait(10)


def named_background():
    return [one for one in threading.enumerate() if one.name == "background"]


def test_jobs_run_on_one_thread_of_the_process(own, runs):
    ours = own({NOTE: 0.01})
    for _ in range(3):
        ours.ensure()
    assert len(named_background()) == 1
    assert named_background()[0].daemon
    wait_until(lambda: len(runs) >= 3)
    assert set(runs) == {"background"}


def test_a_stopped_background_runs_nothing_any_more(own, runs):
    ours = own({NOTE: 0.01})
    ours.ensure()
    wait_until(lambda: runs)
    ours.stop()
    ours.wait(10)
    assert named_background() == []


def test_where_it_is_switched_off_no_thread_begins(settings, runs):
    settings.BACKGROUND_JOBS = {NOTE: 0.01}
    ours = Background()
    ours.ensure()
    assert named_background() == []


def test_the_first_request_starts_it(own, runs, client, monkeypatch):
    monkeypatch.setattr(background, "ensure", own({NOTE: 0.01}).ensure)
    assert client.get("/healthz").status_code == 200
    wait_until(lambda: runs)


def test_each_job_has_its_own_pace(own, runs):
    own({NOTE: 0.01, SHAKY: 1000.0}).ensure()
    wait_until(lambda: len(runs) >= 5)
    assert "shaky" not in runs


def test_a_job_that_fails_does_not_stop_the_others(own, runs):
    jobs.trouble.append(RuntimeError("broken"))
    own({SHAKY: 0.01, LOST: 0.01, NOTE: 0.01}).ensure()
    wait_until(lambda: runs.count("background") >= 3 and runs.count("shaky") >= 3)


def test_a_failing_job_is_told_when_it_begins_and_when_it_ends(own, runs, caplog):
    def run_some():
        before = len(runs)
        wait_until(lambda: len(runs) >= before + 4)

    own({SHAKY: 0.005}).ensure()
    run_some()
    assert caplog.messages == []
    jobs.trouble.append(OperationalError("gone"))
    run_some()
    assert caplog.messages == [f"{SHAKY} fails: OperationalError"]
    jobs.trouble.clear()
    run_some()
    assert caplog.messages[1:] == [f"{SHAKY} works again."]


def test_each_round_gives_its_database_connection_back(own, runs, file_database):
    own({CONNECT: 0.01}).ensure()
    wait_until(lambda: len(runs) >= 3)
    assert set(runs) == {"closed"}


# Other processes

FORKING = """
import os, time, django
django.setup()
from django.conf import settings
from accounts import background
from tests.accounts import jobs
settings.BACKGROUND, settings.BACKGROUND_JOBS = True, {"tests.accounts.jobs.note": 0.01}
background.ensure()
child = os.fork()
if child == 0:
    jobs.runs.clear()
    background.ensure()
    time.sleep(0.5)
    os._exit(0 if jobs.runs else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
def test_a_forked_process_has_a_thread_of_its_own(tmp_path):
    environment = clean_environment(None, DJANGO_SETTINGS_MODULE="tests.settings")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "0", done.stderr


POST = "from accounts import outbox; print(outbox.post('unheard_of', {}).pk)"
LOOK = (
    "from accounts.models import OutboxMessage;"
    "print(OutboxMessage.objects.exclude(failed_at=None).filter(pk='%s').count())"
)


def shell(live, code):
    return live.command("shell", "-v", "0", "-c", code).strip()


@pytest.mark.slow
def test_the_server_does_what_is_due(live):
    message = shell(live, POST)
    assert live.send("GET", "/healthz").status_code == 200
    time.sleep(3)
    assert shell(live, LOOK % message) == "1"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_worker_runs_until_it_is_told_to_stop(live, number):
    environment = clean_environment(live.data, **live.settings)
    process = subprocess.Popen(
        command("worker"), env=environment, stderr=subprocess.PIPE, text=True
    )
    with process, process.stderr:
        assert "Working" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(20) == 0
        assert "Stopped." in process.stderr.read()
