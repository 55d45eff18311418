"""`manage.py up` as a process of its own, the way a person runs it."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import launch, ports

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 20
# Far apart for two test runs on one machine, and for the workers of one run.
_ports = itertools.count(18_000 + os.getpid() % 50 * 200)


@dataclass(frozen=True, slots=True)
class Up:
    """A demo that answers: what it printed as JSON, and its process."""

    facts: dict[str, Any]
    port: int
    process: subprocess.Popen[str]
    log: Path

    @property
    def url(self) -> str:
        return str(self.facts["url"])

    def account(self, product: str) -> dict[str, Any]:
        found = (one for one in self.facts["accounts"] if one["product"] == product)
        return next(found)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def status(self, path: str, **headers: str) -> int:
        """The status of one GET. Header names are written X_API_KEY."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request("GET", path, headers={"Connection": "close", **named})
            return connection.getresponse().status
        finally:
            connection.close()


def clean_environment(data: Path | None, **variables: str) -> dict[str, str]:
    """This environment without anybody's settings, with the demo's data in a folder."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((*launch.SETTINGS, "DJANGO_", "PYTEST_"))
    }
    folder = {} if data is None else {"DOORWARD_DATA_DIR": str(data)}
    return {**kept, "DOORWARD_NO_BOOTSTRAP": "1", **folder, **variables}


def free_port() -> int:
    """A port that nobody uses, left free. Each call has another one."""
    port = ports.next_free(next(_ports))
    ports.release()
    return port


def command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *words]


@contextmanager
def running_up(
    data: Path, *words: str, start: list[str] | None = None, **variables: str
) -> Iterator[Up]:
    """Start `up --json`, wait until it tells its facts, and stop it afterwards.

    `start` replaces the command; `variables` are added to the environment.
    """
    port = free_port()
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen(
            [*(start or command("up")), "--port", str(port), "--json", *words],
            env=clean_environment(data, **variables),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            # A group of its own, so that a test can send it what a terminal sends.
            start_new_session=True,
        )
        assert process.stdout is not None
        with process, process.stdout:
            line = process.stdout.readline()
            assert line, Path(log.name).read_text()
            try:
                yield Up(json.loads(line), port, process, Path(log.name))
            finally:
                if process.poll() is None:
                    process.terminate()


def failed_up(data: Path, *words: str, **variables: str) -> tuple[int, str]:
    """The exit code and the message of a start that is refused."""
    done = subprocess.run(
        command("up", *words),
        env=clean_environment(data, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.stdout
    return done.returncode, done.stderr
