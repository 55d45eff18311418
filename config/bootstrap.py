"""From a fresh checkout to a process inside .venv with every locked package.

Standard library only, and written for Python 3.6: an old Python has to read this file
in order to say that it is too old. manage.py, steps, pythons and packages follow suit.
"""

import importlib.util
import os
import sys
from typing import List, NoReturn

from config import packages, pythons
from config.packages import DEV, ROOT, RUNTIME, VENV
from config.pythons import Tools
from config.steps import INTERRUPTED, Step, Stop, say

SKIP = "DOORWARD_NO_BOOTSTRAP"
# Set across the restart inside .venv, so that a .venv that never works is no loop.
RESTARTED = "DOORWARD_RESTARTED"
INSTALLED, UNCHANGED = "installed", "unchanged"
# How many steps a command has from its first to its last.
STEPS = {"up": 5}


def enter(arguments: List[str]) -> None:
    """Return inside a complete .venv; elsewhere make it and start again inside it."""
    try:
        _enter(arguments)
    except Stop as stop:
        say("\n" + stop.message.rstrip())
        sys.exit(stop.code)
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on where this one ended.")
        sys.exit(INTERRUPTED)


def _enter(arguments: List[str]) -> None:
    if os.environ.get(SKIP) == "1":
        return
    if importlib.util.find_spec("fcntl") is None:
        raise Stop("Doorward runs on Linux and macOS. On Windows, run it inside WSL.")
    command = arguments[1] if len(arguments) > 1 else ""
    lock = DEV if command == "test" else RUNTIME
    came_from = os.environ.pop(RESTARTED, "")
    if ready(lock):
        if command in STEPS and came_from != INSTALLED:
            report(command, lock)
        return
    if came_from == INSTALLED or (came_from and not inside()):
        raise Stop("The folder .venv does not work. Delete it and run this again.")
    if inside() or not packages.fresh(lock):
        build(lock, steps=STEPS.get(command, 2))
        came_from = INSTALLED
    restart(arguments, came_from or UNCHANGED)


def inside() -> bool:
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def ready(lock: str) -> bool:
    # After an upgrade of the system's Python the stamp still fits, the packages do not.
    return (
        inside()
        and packages.fresh(lock)
        and importlib.util.find_spec("django") is not None
    )


def report(command: str, lock: str) -> None:
    steps = STEPS[command]
    with Step("1/%d" % steps, "Python %d.%d.%d, .venv is there" % sys.version_info[:3]):
        pass
    label = "%d locked packages, unchanged" % packages.count(lock)
    with Step("2/%d" % steps, label):
        pass


def build(lock: str, steps: int) -> None:
    """Make .venv and fill it. Of several starts at once one works, the others wait."""
    if not os.access(ROOT, os.W_OK):
        raise Stop(
            "The folder %s cannot be written, so .venv cannot be made in it.\n"
            "Make it writable, or copy the checkout to a folder of your own." % ROOT
        )
    with packages.only_one():
        if packages.fresh(lock) and not inside():
            return
        tools = pythons.find_tools()
        try:
            fill(lock, tools, steps)
        except Stop as stop:
            if tools.uv is None:
                raise
            # uv does not read pip's configuration, where a company names its index.
            say("\n%s\n  So far with uv; now with pip." % stop.message)
            fill(lock, pythons.plain_tools(), steps)


def fill(lock: str, tools: Tools, steps: int) -> None:
    version = tools.python.version if tools.python else "from uv"
    with Step("1/%d" % steps, "Python %s, creating .venv" % version):
        packages.make_venv(tools)
    label = "installing %d locked packages" % packages.count(lock)
    with Step("2/%d" % steps, label) as step:
        packages.complete(lock, tools, step)


def restart(arguments: List[str], came_from: str) -> NoReturn:
    os.environ[RESTARTED] = came_from
    script = os.path.abspath(arguments[0])
    os.execv(  # noqa: S606 - the interpreter of .venv, with our own arguments
        packages.PYTHON, [packages.PYTHON, script] + arguments[1:]
    )
