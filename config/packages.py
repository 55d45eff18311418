"""The locked packages: whether .venv holds them, and how they get there.

Written for Python 3.6, as config/bootstrap.py explains.
"""

import collections
import contextlib
import glob
import hashlib
import os
import shutil
import signal
import subprocess
import threading
from typing import Deque, Dict, Iterator, List, Optional

from config import pythons
from config.pythons import Tools
from config.steps import Step, Stop, say

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
RUNTIME = "requirements.lock"
DEV = "requirements-dev.lock"
TAIL_LINES = 12
# pip's words for one entry of the lock that it has looked at.
SEEN = ("Collecting ", "Processing ", "Ignoring ", "Requirement already")
# The folder's descriptor while this process installs.
_held: List[int] = []
MEND = """\
The packages could not be installed:

{tail}

Most often the package index was out of reach: check the network, the proxy and
`pip config list`, then run the same command again. It goes on where this one ended.
"""


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the checkout's folder itself: no lock file stays behind."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("  Another start is installing; waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        _held.append(folder)
        yield
    finally:
        _held.clear()
        os.close(folder)


def fresh(lock: str) -> bool:
    """Whether .venv was completed from exactly this lock, and still has a Python."""
    if not os.path.exists(PYTHON):
        return False
    try:
        with open(_stamp(lock), encoding="ascii") as stamp:
            return stamp.read() == _digest(lock)
    except OSError:
        return False


def count(lock: str) -> int:
    with open(os.path.join(ROOT, lock), encoding="utf-8") as lines:
        return sum("==" in line and not line.startswith((" ", "#")) for line in lines)


def complete(lock: str, tools: Tools, step: Step) -> None:
    """Install the lock. The stamp is written last, so that a broken run has none."""
    for name in (RUNTIME, DEV):
        if os.path.exists(_stamp(name)):
            os.remove(_stamp(name))
    finished = Child(installer(lock, tools)).run(step, count(lock))
    if finished.returncode != 0:
        raise Stop(MEND.format(tail=finished.tail))
    # The development lock holds every runtime package in the same version.
    for name in (RUNTIME, DEV) if lock == DEV else (RUNTIME,):
        with open(_stamp(name), "w", encoding="ascii") as stamp:
            stamp.write(_digest(name))


def installer(lock: str, tools: Tools) -> List[str]:
    path = os.path.join(ROOT, lock)
    if tools.uv:
        sync = [tools.uv, "pip", "sync", "--require-hashes", "--compile-bytecode"]
        return sync + ["--python", PYTHON, path]
    return [PYTHON, "-m", "pip", "install", "--require-hashes", "-r", path]


def make_venv(tools: Tools) -> None:
    """A new .venv where there is none that works; nothing is left of a failed one."""
    # An environment that uv made has no pip; pip cannot go on with it.
    if pythons.probe(PYTHON, "os" if tools.uv else "pip"):
        return
    made = Child(maker(tools)).run()
    if made.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if "ensurepip" in made.tail and tools.python:
        version = tools.python.version.rpartition(".")[0]
        raise Stop(pythons.NO_VENV.format(version=version))
    raise Stop("The folder .venv could not be made:\n\n%s" % made.tail)


def maker(tools: Tools) -> List[str]:
    python = tools.python.path if tools.python else ">=3.11"
    if tools.uv:
        return [tools.uv, "venv", "--clear", "--quiet", "--python", python, VENV]
    return [python, "-m", "venv", "--clear", VENV]


class Child:
    """A process whose last words are kept and whose progress is shown."""

    def __init__(self, command: List[str]) -> None:
        self.command = command
        self.seen = 0
        self.last: Deque[str] = collections.deque(maxlen=TAIL_LINES)
        self.returncode = -1

    @property
    def tail(self) -> str:
        return "\n".join("    " + line for line in self.last)

    def run(self, step: Optional[Step] = None, packages: int = 1) -> "Child":
        process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            env=child_environment(),
            # Its own group, so that what it started ends with it.
            start_new_session=True,
            # Should we be killed, it keeps the next start waiting until it has ended.
            pass_fds=_held,
        )
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        try:
            while reader.is_alive():
                reader.join(0.2)
                if step:
                    # Each package is looked at first and unpacked later.
                    step.progress(self.seen + installed(), 2 * packages)
            self.returncode = process.wait()
        finally:
            # Ctrl-C: all of it must be gone before another start may write to .venv.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return self

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self.seen += line.startswith(SEEN)
            self.last.append(line.rstrip()[:200])


def installed() -> int:
    folders = os.path.join(VENV, "lib", "python3*", "site-packages", "*.dist-info")
    return len(glob.glob(folders))


def child_environment() -> Dict[str, str]:
    """Ours, with pip kept from asking and from writing outside .venv."""
    settings = {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_REQUIRE_VIRTUALENV": "0"}
    settings["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return dict(os.environ, **settings)


def _stamp(lock: str) -> str:
    return os.path.join(VENV, lock + ".installed")


def _digest(lock: str) -> str:
    with open(os.path.join(ROOT, lock), "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()
