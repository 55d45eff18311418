"""What a request with a key costs over an open view of the same server, with ten keys
and with a million, beside drf-api-key and knox, in one run on one PostgreSQL.

    .venv/bin/python -m bench.keys [--rounds 9] [--requests 200] [--keys 1000000]

Starts a PostgreSQL of its own, that does not sync to the disk. All cases take turns,
round by round; a figure is the median of the rounds. `--rounds 3 --keys 10000` is a
quick try.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from contextlib import ExitStack

from bench.keys.cases import HTTP, INSIDE, Case, cases_of
from bench.keys.processes import (
    DOORWARD,
    RIVALS,
    Base,
    fill,
    inside,
    machine,
    migrate,
    over_http,
    secrets_of_run,
)
from bench.keys.report import Report
from tests import servers

COUNTS = (10, 10_000, 1_000_000)


def main() -> None:
    """Measure, and print tables in Markdown."""
    options = _options()
    begun = time.monotonic()
    with servers.postgresql() as server, ExitStack() as running:
        print(f"{server.version}, Python {platform.python_version()}, {machine()}.\n")
        bases = _filled(server.url, options.keys)
        cases = _cases(bases, options.keys, running)
        for number in range(options.rounds):
            _tell(f"round {number + 1} of {options.rounds}")
            # Back and forth, so that what comes first is not always the same.
            for case in cases if number % 2 else reversed(cases):
                case.measure(options.requests)
    print(Report(cases).text())
    print(f"\n{time.monotonic() - begun:.0f} s; {machine()}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--keys", type=int, default=max(COUNTS))
    return parser.parse_args()


def _tell(doing: str) -> None:
    print(doing, file=sys.stderr, flush=True)


def _filled(server: str, largest: int) -> list[Base]:
    shared = secrets_of_run()
    bases = []
    for stack in (DOORWARD, RIVALS):
        migrate(server, stack, shared)
        for count in sorted({*(n for n in COUNTS if n < largest), largest}):
            base = fill(server, stack, count, largest=largest, shared=shared)
            _tell(f"{stack.name}: {count:,} in {base.seconds:.0f} s")
            bases.append(base)
    return bases


def _cases(bases: list[Base], largest: int, running: ExitStack) -> list[Case]:
    cases: list[Case] = []
    for base in bases:
        asked = running.enter_context(inside(base))
        cases += cases_of(base, asked, INSIDE)
    for base in bases:
        if base.count == largest:
            served = running.enter_context(over_http(base))
            of_base = cases_of(base, served, HTTP)
            cases += [case for case in of_base if not case.of_owner]
    return cases


if __name__ == "__main__":
    main()
