"""Two processes never count limits in their memories for one deployment."""

import base64
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import counting_lock
from tests.running import ROOT, clean_environment, free_port

TAKE = "import sys; from pathlib import Path; from config import counting_lock; "
TAKE += "counting_lock.take(Path(sys.argv[1])); print('taken', flush=True); input()"


@pytest.fixture
def elsewhere(tmp_path):
    """Another process that counts for the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, tmp_path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "taken\n"
        yield other
        other.kill()


def test_a_second_process_is_refused_with_what_to_set(elsewhere, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="Set REDIS_URL"):
        counting_lock.take(tmp_path, seconds=0.2)


def test_it_waits_for_a_server_that_is_being_replaced(elsewhere, tmp_path):
    elsewhere.kill()
    counting_lock.take(tmp_path, seconds=10)


def test_a_process_may_ask_again(tmp_path):
    counting_lock.take(tmp_path / "new", seconds=0)
    counting_lock.take(tmp_path / "new", seconds=0)


def test_a_folder_that_cannot_be_made_is_no_reason_to_end(tmp_path, caplog):
    (tmp_path / "file").touch()
    counting_lock.take(Path(tmp_path / "file" / "data"))
    assert "not known" in caplog.text


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.sqlite_only
def test_a_server_started_by_hand_with_two_workers_ends_and_says_why(tmp_path):
    keys = {
        name: f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        for name in ("DOORWARD_PEPPERS", "DOORWARD_ENCRYPTION_KEYS")
    }
    settings = {"DOORWARD_SECRET_KEY": secrets.token_urlsafe(48), **keys}
    words = ["--interface", "wsgi", "--workers", "2", "--port", str(free_port())]
    done = subprocess.run(
        [sys.executable, "-m", "granian", *words, "config.wsgi:application"],
        cwd=ROOT,
        env=clean_environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Another process counts limits in its memory" in done.stdout + done.stderr
