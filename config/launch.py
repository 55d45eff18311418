"""How a command starts: what `up` and `test` settle before the settings are read."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config import datafolder, ports
from config.steps import INTERRUPTED, WRONG_SETTING, Stop, say

# What a test run must not inherit: it would be about somebody's real installation.
SETTINGS = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TRUSTED_PROXIES", "DOORWARD_")


def run(arguments: list[str]) -> int:
    """Run the command. What a person can mend is one message, never a traceback."""
    command = arguments[1] if len(arguments) > 1 else ""
    try:
        if command in PREPARATIONS:
            arguments = PREPARATIONS[command](arguments)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        execute_from_command_line(arguments)
    except Stop as stop:
        say("\n" + stop.message)
        return stop.code
    except ImproperlyConfigured as error:
        say(f"\n{error}")
        return WRONG_SETTING
    except KeyboardInterrupt:
        say("\nStopped.")
        return INTERRUPTED
    return 0


def up_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=ports.number, help="default 8000, or the next that is free"
    )
    parser.add_argument(
        "--workers",
        type=int,
        help="server processes; more than 1 needs REDIS_URL",
    )
    parser.add_argument(
        "--reset",
        action="store_true",
        help="first delete the demo's database and secrets",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        help="print the facts as one JSON line once the server answers",
    )


def prepare_up(arguments: list[str]) -> list[str]:
    """Settle port, data folder and secrets. The arguments come back with the port."""
    parser = argparse.ArgumentParser(
        prog="manage.py up",
        description="Run a demo of Doorward here: data, sign-in, keys, server.",
    )
    up_options(parser)
    options, others = parser.parse_known_args(arguments[2:])
    if os.environ.get("DOORWARD_ENV") == "production":
        raise Stop(
            "`up` runs a demo with demo accounts, and DOORWARD_ENV is production.\n"
            'README.md, "Beyond one machine", shows how to run it for real.',
            WRONG_SETTING,
        )
    port = ports.choose(options.port)
    datafolder.prepare(datafolder.path(), reset=options.reset)
    os.environ["DOORWARD_DEMO"] = "1"
    if options.workers is not None:
        os.environ["DOORWARD_WORKERS"] = str(options.workers)
    if not datafolder.given("DOORWARD_PUBLIC_URL"):
        os.environ["DOORWARD_PUBLIC_URL"] = f"http://localhost:{port}"
    as_json = ["--json"] if options.as_json else []
    return [*arguments[:2], "--port", str(port), *as_json, *others]


def prepare_test(arguments: list[str]) -> list[str]:
    """Forget the settings of this shell; tests/settings.py brings its own."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        del os.environ[name]
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    return arguments


PREPARATIONS: dict[str, Callable[[list[str]], list[str]]] = {
    "up": prepare_up,
    "test": prepare_test,
}
