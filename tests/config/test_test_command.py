"""`manage.py test`: its lanes, its servers, and what it says in the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from config.management.commands.test import FAST, PATIENT, SLOW
from tests.running import ROOT, clean_environment, command

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.patient]

QUICK = "tests/ratelimits/test_limits_as_text.py"
# Our configuration, for a file that lies elsewhere.
PLUGIN = ["-c", "pyproject.toml", "--rootdir", ".", "-p", "tests.lanes"]
BOTH_LANES = """
import os, pytest
def test_where():
    print(os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL"))
@pytest.mark.postgres_only
def test_on_postgresql(db, django_db_blocker):
    from django.db import connection
    assert connection.vendor == "postgresql"
@pytest.mark.sqlite_only
def test_on_sqlite(db):
    from django.db import connection
    assert connection.vendor == "sqlite"
"""


def start(*words, **variables):
    return subprocess.Popen(
        command("test", *words),
        env=clean_environment(None, **variables),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(*words, **variables):
    """The exit code, and all that it printed."""
    with start(*words, **variables) as process:
        said = process.communicate(timeout=120)[0]
    return process.returncode, said


def run_file(tmp_path, source, *words, **variables):
    """Run the command on one file that is no part of the suite."""
    file = tmp_path / "test_given.py"
    file.write_text(source)
    return run(*words, "--", "-q", *PLUGIN, str(file), **variables)


def last_line(said):
    return said.strip().splitlines()[-1]


def server_folders(process):
    """Where the servers of this run keep their files."""
    listed = subprocess.check_output(
        ["pgrep", "--list-full", "--parent", str(process.pid)], text=True
    )
    return {Path(found) for found in re.findall(r"/tmp/doorward-\w+", listed)}


def test_both_lanes_run_and_the_last_line_is_their_sum(tmp_path):
    code, said = run_file(tmp_path, BOTH_LANES, "--services", "required")
    assert code == 0, said
    assert "PostgreSQL 1" in said
    assert "started in" in said
    assert last_line(said) == "4 passed, 0 failed"


@pytest.mark.parametrize("marks", [(), ("slow",), ("patient",), ("slow", "patient")])
def test_of_the_runs_of_all_tests_one_has_each(marks):
    chosen = [Expression.compile(words[1]) for words in (FAST, PATIENT, SLOW)]
    assert [run.evaluate(lambda mark: mark in marks) for run in chosen].count(True) == 1


@pytest.mark.parametrize(("lane", "other"), [("sqlite", "Post"), ("postgres", "SQL")])
def test_one_lane_can_be_asked_for(lane, other):
    code, said = run("--lane", lane, "--", "-q", QUICK)
    assert code == 0, said
    assert f"On {other}" not in said


def test_a_failing_test_fails_the_run(tmp_path):
    source = "def test_one():\n    assert False\ndef test_two():\n    pass"
    code, said = run_file(tmp_path, source, "--lane", "sqlite")
    assert code == 1
    assert last_line(said) == "1 passed, 1 failed"


def test_a_broken_file_fails_the_run(tmp_path):
    code, said = run_file(tmp_path, "import nothing_there", "--lane", "sqlite")
    assert code == 1
    assert last_line(said) == "0 passed, 1 failed"


def test_no_test_at_all_is_no_success():
    code, _said = run("--lane", "sqlite", "--", "-q", "-k", "no_such_name", QUICK)
    assert code == 1


def test_a_test_that_would_run_on_no_database_fails_the_run(tmp_path):
    both = "@pytest.mark.sqlite_only\n@pytest.mark.postgres_only\n"
    source = f"import pytest\n{both}def test_one(): ...\ndef test_two(): ..."
    code, said = run_file(tmp_path, source, "--lane", "sqlite")
    assert code == 1
    assert "On no database" in said


def test_a_warning_of_ours_fails_the_run(tmp_path):
    source = "import warnings\ndef test_one():\n    warnings.warn('old', stacklevel=1)"
    code, said = run_file(tmp_path, source, "--lane", "sqlite")
    assert code == 1, said


def test_a_skipped_test_is_a_failure_where_services_are_required(tmp_path):
    source = (
        "import pytest\ndef test_one():\n    pytest.skip('no')\ndef test_two(): ..."
    )
    assert run_file(tmp_path, source, "--services", "none")[0] == 0
    code, said = run_file(tmp_path, source, "--services", "required")
    assert code == 1
    assert last_line(said) == "2 passed, 2 failed"


def test_a_missing_server_costs_one_lane_or_the_run(tmp_path):
    nothing = {"PATH": str(tmp_path)}
    code, said = run("--", "-q", QUICK, **nothing)
    assert code == 0, said
    assert "left out: " in said
    assert "sudo apt install postgresql redis-server" in said
    code, said = run("--services", "required", "--", "-q", QUICK, **nothing)
    assert code == 1
    assert "is not installed" in last_line(said)


def test_settings_of_the_shell_do_not_reach_the_tests(tmp_path):
    source = "import os\ndef test_one():\n    assert not os.environ.get('DATABASE_URL')"
    code, said = run_file(
        tmp_path,
        source,
        *("--lane", "sqlite"),
        DATABASE_URL="postgres://production/doorward",
        DOORWARD_BRAKES="nonsense",
    )
    assert code == 0, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_neither_servers_nor_folders(tmp_path, number):
    file = tmp_path / "test_given.py"
    file.write_text(
        "import pathlib, time\n"
        f"def test_one():\n    pathlib.Path('{tmp_path}/begun').touch()\n"
        "    time.sleep(60)\n"
    )
    own = tmp_path / "temporary"
    own.mkdir()
    words = ["--lane", "postgres", "--", "-q", *PLUGIN, str(file)]
    with start(*words, TMPDIR=str(own)) as process:
        while not (tmp_path / "begun").exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        folders = server_folders(process)
        [pid_file] = [file for one in folders for file in one.glob("*/postmaster.pid")]
        postgres = pid_file.read_text().split()[0]
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert not Path("/proc", postgres).exists()
    assert not any(folder.exists() for folder in folders)
    assert [file.name for file in own.iterdir() if "pytest" not in file.name] == []
