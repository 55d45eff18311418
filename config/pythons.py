"""Which Python and which uv of this machine can build .venv.

Written for Python 3.6, as config/bootstrap.py explains.
"""

import os
import shutil
import subprocess
import sys
from typing import List, NamedTuple, Optional

from config.steps import Stop

OLDEST = (3, 11)
NEWEST_NAMED = 15
# Debian ships venv without ensurepip; only the import tells.
PROBE = """\
import sys, %s
print("%%d.%%d.%%d" %% sys.version_info[:3])
sys.exit(sys.version_info < (3, 11))
"""
PROBE_SECONDS = 20

Found = NamedTuple("Found", [("path", str), ("version", str)])
Tools = NamedTuple("Tools", [("uv", Optional[str]), ("python", Optional[Found])])

TOO_OLD = """\
Doorward needs Python 3.11 or newer; this is {version} and no newer one was found.
Install one by one of these lines, then run the same command again:

    sudo apt install python3.11 python3.11-venv        # Debian 12, Ubuntu 22.04
    brew install python                                # macOS
    curl -LsSf https://astral.sh/uv/install.sh | sh    # anywhere: uv brings a Python
"""
NO_VENV = """\
Python {version} cannot make a virtual environment: its venv module is missing.
Install it, then run the same command again:

    sudo apt install python{version}-venv
"""


def no_python() -> Stop:
    """What to do on a machine where nothing can build .venv."""
    version = "%d.%d" % sys.version_info[:2]
    if sys.version_info >= OLDEST:
        return Stop(NO_VENV.format(version=version))
    return Stop(TOO_OLD.format(version=version))


def find_tools() -> Tools:
    """uv where it works, since it is five times as fast; else a Python with venv."""
    uv = shutil.which("uv")
    if uv and ask(uv, "--version") is not None:
        # uv needs no venv module, and fetches a Python where there is none.
        return Tools(uv, find_python("os"))
    return plain_tools()


def plain_tools() -> Tools:
    """A Python that can make an environment by itself."""
    python = find_python("venv, ensurepip")
    if python is None:
        raise no_python()
    return Tools(None, python)


def find_python(modules: str) -> Optional[Found]:
    """A Python that is new enough and has these modules: this one, else the newest."""
    for path in candidates():
        answer = probe(path, modules)
        if answer is not None:
            return Found(path, answer)
    return None


def candidates() -> List[str]:
    """Paths worth asking, best first."""
    names = ["python3.%d" % minor for minor in range(NEWEST_NAMED, OLDEST[1] - 1, -1)]
    found = [shutil.which(name) for name in names + ["python3"]]
    # Inside .venv the link's target is meant: an environment is not built from itself.
    return [os.path.realpath(sys.executable)] + [path for path in found if path]


def probe(python: str, modules: str) -> Optional[str]:
    """The version of a Python that is new enough and can import these modules."""
    return ask(python, "-c", PROBE % modules)


def ask(program: str, *arguments: str) -> Optional[str]:
    """What it prints. None where it fails: a shim on PATH may be there and not run."""
    try:
        answer = subprocess.run(
            [program] + list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
            timeout=PROBE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
