"""The databases, servers and processes that are asked, ours and the others'."""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from tests.running import ROOT, clean_environment, free_port

START_SECONDS = 60
WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Stack:
    """A project: its settings, its WSGI application, and what fills its database."""

    name: str
    settings: str
    application: str
    filling: str


DOORWARD = Stack(
    "ours",
    "bench.keys.doorward_settings",
    "config.wsgi",
    "bench.keys.filling_doorward",
)
RIVALS = Stack(
    "rivals",
    "bench.keys.rival_settings",
    "bench.keys.rival_wsgi",
    "bench.keys.filling_rivals",
)


@dataclass(frozen=True, slots=True)
class Base:
    """A filled database of a stack, and what is sent of the keys that are used."""

    stack: Stack
    count: int
    environment: dict[str, str]
    values: dict[str, list[str]]
    seconds: float


def secrets_of_run() -> dict[str, str]:
    """The settings that all processes of a run share."""
    keys = [base64.b64encode(secrets.token_bytes(32)).decode() for _ in "12"]
    return {
        "DOORWARD_SECRET_KEY": secrets.token_urlsafe(48),
        "DOORWARD_PEPPERS": f"1:{keys[0]}",
        "DOORWARD_ENCRYPTION_KEYS": f"1:{keys[1]}",
        "DOORWARD_PUBLIC_URL": "http://localhost:8000",
        # The open address is asked from one address, as often as the others.
        "DOORWARD_ANONYMOUS_LIMITS": "900000000/min, 9000000/s",
    }


def fill(
    server: str, stack: Stack, count: int, *, largest: int, shared: dict[str, str]
) -> Base:
    """A copy of the migrated database of its own on the server, filled."""
    name = f"{stack.name}_{count}"
    copied = f"CREATE DATABASE {name} TEMPLATE {stack.name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(copied.encode())
    variables = {**shared, "DATABASE_URL": _address(server, name)}
    begun = time.perf_counter()
    with _own_folder(stack, variables) as environment:
        words = ["-m", stack.filling, str(count), str(largest)]
        values = json.loads(_run(words, environment))
    return Base(stack, count, variables, values, time.perf_counter() - begun)


def migrate(server: str, stack: Stack, shared: dict[str, str]) -> None:
    """Make the database that those of a stack are copies of."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {stack.name}".encode())
    variables = {**shared, "DATABASE_URL": _address(server, stack.name)}
    with _own_folder(stack, variables) as environment:
        _run(["-m", "django", "migrate", "--verbosity", "0"], environment)


def _address(server: str, database: str) -> str:
    return f"{server.rpartition('/')[0]}/{database}"


@contextmanager
def _own_folder(stack: Stack, variables: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of one process. No two of Doorward may share a data folder."""
    with tempfile.TemporaryDirectory() as folder:
        named = {**variables, "DJANGO_SETTINGS_MODULE": stack.settings}
        yield clean_environment(Path(folder), **named)


def _run(words: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # noqa: S101
    return done.stdout


class Inside:
    """Requests without a server, in a process of their own (bench/keys/inside.py)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, path: str, values: list[str], count: int) -> dict[str, Any]:
        """Seconds of each request; queries and writes of one."""
        assert self.process.stdin is not None  # noqa: S101
        assert self.process.stdout is not None  # noqa: S101
        wish = {"path": path, "values": values, "count": count}
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def inside(base: Base) -> Iterator[Inside]:
    words = [sys.executable, "-m", "bench.keys.inside", base.stack.application]
    with (
        _own_folder(base.stack, base.environment) as environment,
        subprocess.Popen(
            words,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101
        assert process.stdout.readline() == "ready\n"  # noqa: S101
        try:
            yield Inside(process)
        finally:
            process.terminate()


class OverHttp:
    """Requests to a server on loopback, by one kept connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, path: str, values: list[str], count: int) -> dict[str, Any]:
        """Seconds of each request."""
        picked = Random(count).choices(values or [""], k=count + WARM_UP)  # noqa: S311
        # The server has closed the one of the last round, which was idle since.
        self.connection.close()
        for value in picked[:WARM_UP]:
            self._request(path, value)
        seconds = []
        for value in picked[WARM_UP:]:
            begun = time.perf_counter()
            self._request(path, value)
            seconds.append(time.perf_counter() - begun)
        return {"seconds": seconds}

    def _request(self, path: str, value: str) -> None:
        headers = {"Host": "localhost", **({"Authorization": value} if value else {})}
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert (answer.status, body) == (200, b'{"ok":true}'), body  # noqa: S101


@contextmanager
def over_http(base: Base) -> Iterator[OverHttp]:
    """granian with one worker and blocking threads, as Doorward is served."""
    port = free_port()
    words = ["--interface", "wsgi", "--port", str(port), "--blocking-threads", "16"]
    target = f"{base.stack.application}:application"
    with (
        _own_folder(base.stack, base.environment) as environment,
        subprocess.Popen(
            [sys.executable, "-m", "granian", *words, "--no-ws", "--no-log", target],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            _wait_for(port)
            yield OverHttp(port)
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/", headers={"Host": "localhost"})
            connection.getresponse()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    sys.exit(f"A server did not answer within {START_SECONDS} s.")


def machine() -> str:
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
