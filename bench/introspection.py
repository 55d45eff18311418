"""Token introspection (RFC 7662) beside npm's oidc-provider, in one run.

    cd bench && npm ci && cd ..
    .venv/bin/python -m bench.introspection [--rounds 5] [--seconds 5] [--connections 8]

Each server is one process on loopback; the two take turns, round by round, under the
same load (bench/load.mjs: kept connections, each request as soon as the last one was
answered). Doorward runs on DATABASE_URL where that is set, else on SQLite.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.running import Up, clean_environment, command, free_port, running_up

HERE = Path(__file__).resolve().parent
FORM = "application/x-www-form-urlencoded"


@dataclass
class Target:
    """A server that answers, a client of it, and what was measured."""

    name: str
    introspection: str
    token: str
    client_id: str
    client_secret: str
    scope: str
    rounds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        pair = f"{self.client_id}:{self.client_secret}".encode()
        basic = base64.b64encode(pair).decode()
        return {"Authorization": f"Basic {basic}", "Content-Type": FORM}

    def access_token(self) -> str:
        body = {"grant_type": "client_credentials", "scope": self.scope}
        request = Request(  # noqa: S310 - loopback
            self.token, urlencode(body).encode(), headers=self.headers
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return str(json.load(answer)["access_token"])

    def measure(self, *, seconds: float, connections: int) -> None:
        load = {
            "url": self.introspection,
            "connections": connections,
            "seconds": seconds,
            "headers": self.headers,
            "body": urlencode({"token": self.access_token()}),
        }
        done = subprocess.run(
            [_node(), str(HERE / "load.mjs")],
            input=json.dumps(load),
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
        self.rounds.append(json.loads(done.stdout))

    def median(self, figure: str) -> float:
        return statistics.median(each[figure] for each in self.rounds)


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with ExitStack() as running:
        targets = [
            running.enter_context(doorward()),
            running.enter_context(oidc_provider()),
        ]
        for _ in range(options.rounds):
            for target in targets:
                target.measure(seconds=options.seconds, connections=options.connections)
    _print(targets)


@contextmanager
def doorward() -> Iterator[Target]:
    with tempfile.TemporaryDirectory() as folder:
        database = os.environ.get("DATABASE_URL")
        settings = {"DATABASE_URL": database} if database else {}
        with running_up(Path(folder), start=None, **settings) as up:
            made = _application(up, Path(folder), settings)
            name = "PostgreSQL" if database else "SQLite"
            yield Target(
                name=f"Doorward ({name})",
                introspection=f"{up.url}/oauth/introspect",
                token=f"{up.url}/oauth/token",
                client_id=made["client_id"],
                client_secret=made["client_secret"],
                scope="scans_read",
            )


@contextmanager
def oidc_provider() -> Iterator[Target]:
    port, secret = free_port(), secrets.token_hex(32)
    process = subprocess.Popen(
        [_node(), "oidc_provider.mjs", str(port), secret],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None  # noqa: S101
        process.stdout.readline()
        address = f"http://127.0.0.1:{port}/token"
        try:
            yield Target(
                name="oidc-provider 9.13.3 (in memory)",
                introspection=f"{address}/introspection",
                token=address,
                client_id="bench",
                client_secret=secret,
                scope="api",
            )
        finally:
            process.terminate()


def _application(up: Up, data: Path, settings: dict[str, str]) -> dict[str, str]:
    organization = up.account("netrecon")["organization"]
    words = ["Bench", "--organization", organization, "--type", "machine"]
    done = subprocess.run(
        command("createapplication", *words, "--scope", "scans_read", "--json"),
        env=clean_environment(data, **settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    made: dict[str, str] = json.loads(done.stdout)
    return made


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        sys.exit("This needs Node 20 or newer.")
    return found


def _print(targets: list[Target]) -> None:
    print("| server | requests/s | p50 ms | p99 ms | wrong answers |")
    print("|---|---|---|---|---|")
    for target in targets:
        wrong = sum(sum(each["wrong"].values()) for each in target.rounds)
        figures = [target.median(name) for name in ("per_second", "p50", "p99")]
        columns = [f"{figures[0]:.0f}", f"{figures[1]:.2f}", f"{figures[2]:.2f}"]
        print(f"| {target.name} | {' | '.join(columns)} | {wrong} |")
    ours, theirs = (target.median("per_second") for target in targets)
    print(f"\nRatio: {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
