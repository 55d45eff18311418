"""What `manage.py up` cannot do: one message that says what to do, and an exit code."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.running import clean_environment, command, failed_up, free_port

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.patient]


def test_a_busy_port_is_one_message(tmp_path):
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        code, message = failed_up(tmp_path, "--port", str(port))
    assert code == 3
    assert message.startswith(f"\nPort {port} is in use by another program.\n")
    assert "Traceback" not in message


def test_a_data_folder_that_cannot_be_written_is_one_message(tmp_path):
    (tmp_path / "file").touch()
    code, message = failed_up(tmp_path / "file" / "data")
    assert code == 3
    assert "set DOORWARD_DATA_DIR to a folder of your own" in message
    assert "Traceback" not in message


def test_wrong_settings_are_told_together_each_by_its_name(tmp_path):
    code, message = failed_up(
        tmp_path,
        DOORWARD_BRAKES="soft",
        DOORWARD_PUBLIC_URL="nowhere",
        DOORWARD_REDIS_PREFIX="a*",
        REDIS_URL="localhost:6379",
    )
    assert code == 2
    assert "DOORWARD_REDIS_PREFIX: " in message
    assert "REDIS_URL: Expected an address such as redis://" in message
    assert "DOORWARD_BRAKES: " in message
    assert "DOORWARD_PUBLIC_URL: " in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("words", "variables", "says"),
    [
        ([], {"DOORWARD_ENV": "production"}, '"Beyond one machine"'),
        (["--workers", "2"], {}, "Set REDIS_URL"),
        (["--workers", "0"], {}, "--workers"),
        (["--port", "http"], {}, "'http' is no port"),
        (["--reset"], {"DATABASE_URL": "postgres://x/y"}, "names another one"),
    ],
)
def test_what_up_cannot_do_is_refused_with_the_reason(tmp_path, words, variables, says):
    code, message = failed_up(tmp_path, *words, **variables)
    assert code == 2
    assert says in message
    assert "Traceback" not in message


def test_an_unreachable_database_is_one_message(tmp_path):
    nowhere = f"postgres://me@127.0.0.1:{free_port()}/doorward"
    code, message = failed_up(tmp_path, DATABASE_URL=nowhere)
    assert code == 3
    assert "The database cannot be used" in message
    assert "Check DATABASE_URL" in message
    assert "Traceback" not in message


def test_help_needs_neither_settings_nor_data(tmp_path):
    done = subprocess.run(
        [*command("up"), "--help"],
        env=clean_environment(tmp_path / "none"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--reset" in done.stdout
    assert not (tmp_path / "none").exists()
    assert sys.executable not in done.stderr
