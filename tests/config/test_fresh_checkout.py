"""A clone without anything, one command, and a request that is let in."""

from __future__ import annotations

import os
import shutil
import sys
import time

import pytest

from tests.running import ROOT, running_up

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

# A machine alone needs about 20 s; this leaves room for one that is busy or far away.
MOST_SECONDS = 120
NOT_CLONED = shutil.ignore_patterns(
    *(".git", ".venv", "data", "__pycache__", "node_modules", ".*_cache", ".hypothesis")
)


def test_pip_alone_reaches_the_first_verified_request_in_time(tmp_path):
    checkout = tmp_path / "doorward"
    shutil.copytree(ROOT, checkout, ignore=NOT_CLONED)
    start = [sys._base_executable, str(checkout / "manage.py"), "up"]
    # No uv is there, so pip has to do it.
    environment = {"DOORWARD_NO_BOOTSTRAP": "0", "PATH": "/usr/bin:/bin"}
    begun = time.monotonic()
    with running_up(checkout / "data", start=start, **environment) as up:
        key = up.account("netrecon")["api_key"]
        assert up.status("/api/v1/auth/whoami", X_API_Key=key) == 200
        seconds = time.monotonic() - begun
        print(f"fresh checkout to the first verified request: {seconds:.0f} s")
        assert seconds < MOST_SECONDS
        assert "[2/5] installing" in up.log.read_text()
    begun = time.monotonic()
    with running_up(checkout / "data", start=start, **environment) as up:
        print(f"second start: {time.monotonic() - begun:.1f} s")
        assert "[2/5] " in up.log.read_text()
        assert os.path.realpath(f"/proc/{up.process.pid}/exe") == os.path.realpath(
            checkout / ".venv" / "bin" / "python"
        )
