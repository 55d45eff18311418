"""PostgreSQL and Redis for the tests: installed programs on sockets of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis as redis_client

FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin")
HOW_TO_GET = (
    "sudo apt install postgresql redis-server   or   brew install postgresql redis"
)
START_SECONDS = 30
STOP_SECONDS = 15
ROLE = "doorward"
# What a crash would lose does not matter here.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoServer(Exception):
    """A program is not installed, or does not start."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and what the settings call its address."""

    version: str
    url: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.version}, started in {self.seconds:.1f} s"


@contextmanager
def postgresql() -> Iterator[Server]:
    """A fresh cluster with one empty database."""
    initdb, postgres = _program("initdb"), _program("postgres")
    with _folder() as folder:
        begun = time.monotonic()
        cluster = folder / "cluster"
        _make_cluster(initdb, cluster)
        options = [*FAST, "listen_addresses=", "max_connections=200"]
        words = [word for option in options for word in ("-c", option)]
        command = [postgres, "-D", str(cluster), "-k", str(folder), *words]
        with _running(command, folder, stop=signal.SIGINT) as wait_for:
            wait_for(lambda: _create_database(folder))
            version = _version(postgres).partition("(")[2].partition(")")[0]
            number = _version(postgres).split()[2]
            url = f"postgresql://{ROLE}@{quote(str(folder), safe='')}/{ROLE}"
            yield Server(f"{version} {number}", url, time.monotonic() - begun)


@contextmanager
def redis() -> Iterator[Server]:
    """An empty Redis, or Valkey where that is installed."""
    program = _program("redis-server", "valkey-server")
    with _folder() as folder:
        begun = time.monotonic()
        socket = folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
        command = [program, *options, "--save", "", "--appendonly", "no"]
        with _running(command, folder, stop=signal.SIGTERM) as wait_for:
            wait_for(lambda: _ping(socket))
            name = "Valkey" if "valkey" in program else "Redis"
            number = _version(program).partition("v=")[2].split()[0]
            url = f"unix://{socket}"
            yield Server(f"{name} {number}", url, time.monotonic() - begun)


def _program(*names: str) -> str:
    folders = [
        str(folder)
        for pattern in FOLDERS
        # The newest version first: 9 comes before 15 in the alphabet.
        for folder in sorted(Path("/").glob(pattern[1:]), key=_number, reverse=True)
    ]
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    raise NoServer(f"{' or '.join(names)} is not installed: {HOW_TO_GET}")


def _number(folder: Path) -> int:
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits or 0)


def _make_cluster(initdb: str, cluster: Path) -> None:
    words = ["-D", str(cluster), "-U", ROLE, "-E", "UTF8", "--no-locale", "--no-sync"]
    log = cluster.parent / "initdb.log"
    if _start([initdb, *words], log).wait() != 0:
        raise NoServer(f"{initdb} failed: {log.read_text()[-800:]}")


def _version(program: str) -> str:
    return subprocess.check_output([program, "--version"], text=True).strip()


@contextmanager
def _folder() -> Iterator[Path]:
    # Socket paths end at 107 bytes, so not below a long TMPDIR.
    folder = Path(tempfile.mkdtemp(prefix="doorward-", dir="/tmp"))
    if user := _unprivileged():
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the servers. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    user = _unprivileged()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd="/",
            # Ctrl-C in the terminal is for the tests; the servers end after them.
            start_new_session=True,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )


@contextmanager
def _running(
    command: list[str], folder: Path, *, stop: signal.Signals
) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Yields a function that waits until an attempt raises nothing."""
    log = folder / "log"
    process = _start(command, log)
    try:
        yield lambda attempt: _wait_for(attempt, process, log)
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(
    attempt: Callable[[], None], process: subprocess.Popen[bytes], log: Path
) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            return attempt()
        except (psycopg.OperationalError, redis_client.ConnectionError):
            time.sleep(0.02)
    raise NoServer(f"A server did not start: {log.read_text()[-800:]}")


def _create_database(folder: Path) -> None:
    target = f"host={folder} user={ROLE} dbname=postgres"
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {ROLE}")


def _ping(socket: Path) -> None:
    with redis_client.Redis(unix_socket_path=str(socket)) as client:
        client.ping()
