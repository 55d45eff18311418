"""A server of our own on loopback, the way `manage.py up` runs it, and its callers.

It lives as long as the test run, on fresh data, and on the database of the lane.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django_otp.oath import totp

from tests.lanes import on_postgresql
from tests.running import ROOT, clean_environment, command, running_up

Account = dict[str, Any]
COMMAND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Live:
    """The running server. Its accounts are made by the commands a person would use."""

    url: str
    demo: dict[str, Account]
    data: Path
    settings: dict[str, str]
    calls: httpx.Client
    made: dict[str, Account]

    def command(self, *words: str) -> str:
        """What a management command prints, on this server's data."""
        return run(command(*words), clean_environment(self.data, **self.settings))

    def account(self, product: str, plan: str = "enterprise") -> Account:
        """An owner with two keys in an organization on that plan, made once."""
        name = f"{product}-{plan}"
        if name not in self.made:
            self.made[name] = self.new_account(product, plan)
        return self.made[name]

    def new_account(self, product: str, plan: str = "enterprise") -> Account:
        """The same, for who changes what others would stumble over."""
        email = f"{uuid.uuid4().hex[:8]}@{product}.test"
        words = ["--product", product, "--plan", plan, "--owner", email, "--json"]
        made: Account = json.loads(self.command("createorganization", "Acme", *words))
        return made

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self.calls.request(method, path, **request)

    def sign_in(self, account: Account, **extra: Any) -> Any:
        """The answer of a sign-in that succeeds."""
        person = {"email": account["email"], "password": account["password"]}
        answer = self.send("POST", "/api/v1/auth/login", json={**person, **extra})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make_key(self, account: Account, *scopes: str, **wish: Any) -> dict[str, Any]:
        """A new key of the account's organization: the one answer with its text."""
        headers = {"X-API-Key": account["api_key"]}
        name = f"CI Pipeline {secrets.token_hex(4)}"
        body = {"name": name, "scopes": scopes, **wish}
        answer = self.send("POST", "/api/v1/api-keys", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def turn_on_totp(self, account: Account) -> list[str]:
        """Two-step sign-in for the owner. The answer: recovery codes for it."""
        headers = bearer(self.sign_in(account)["access_token"])
        begun = self.send("POST", "/api/v1/auth/totp", headers=headers).json()
        code = {"totp_code": f"{totp(base64.b32decode(begun['secret'])):06}"}
        confirm = "/api/v1/auth/totp/confirm"
        answer = self.send("POST", confirm, headers=headers, json=code)
        assert answer.status_code == 200, answer.text
        codes: list[str] = answer.json()["recovery_codes"]
        return codes


def as_made(demo: dict[str, Account]) -> dict[str, Account]:
    return {f"{slug}-{account['plan']}": account for slug, account in demo.items()}


def run(words: list[str], environment: dict[str, str], **options: Any) -> str:
    """What a program prints. Fails with all that it said, where it fails."""
    done = subprocess.run(
        words,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(program: str) -> str:
    """Where a program is that a machine may lack. Without it the test is skipped."""
    found = shutil.which(program, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def own_services() -> Iterator[dict[str, str]]:
    """Settings for a server beside the tests: an empty database of the lane's kind."""
    if not on_postgresql():
        yield {}
        return
    lane, name = os.environ["DATABASE_URL"], f"live_{uuid.uuid4().hex[:8]}"
    settings = {"DATABASE_URL": f"{lane.rpartition('/')[0]}/{name}"}
    if redis := os.environ.get("REDIS_URL"):
        # Apart from the tests' own counters, and from another worker's server.
        number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        settings["REDIS_URL"] = f"{redis.partition('?')[0]}?db={number}"
        # Nor do two servers of one run share the counts of this machine's address.
        settings["DOORWARD_REDIS_PREFIX"] = name
    with psycopg.connect(lane, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield settings
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def serving(data: Path, **more: str) -> Iterator[Live]:
    with own_services() as services, started(data, **services, **more) as live:
        yield live


@contextmanager
def started(data: Path, **settings: str) -> Iterator[Live]:
    """The server on data that may be there already."""
    with running_up(data, start=None, **settings) as up:
        demo = {account["product"]: account for account in up.facts["accounts"]}
        # Each call on a connection of its own: none depends on what came before.
        single = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=up.url, timeout=30, limits=single) as calls:
            yield Live(up.url, demo, data, settings, calls, as_made(demo))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture(scope="session")
def hammered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """For who knocks hundreds of times: what is refused here counts for this address,
    and would leave nothing to the tests that use the other server."""
    limits = {"DOORWARD_ANONYMOUS_LIMITS": "1000000/min, 100000/s"}
    with serving(tmp_path_factory.mktemp("hammered"), **limits) as server:
        yield server


def node_program(name: str) -> str:
    """A program of package-lock.json, installed when it is first asked for."""
    return str(node_package(f".bin/{name}"))


@cache
def node_package(name: str) -> Path:
    """The same for a package."""
    package = ROOT / "node_modules" / name
    # Another worker may be installing: what is there already may be half of it.
    with (ROOT / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not package.exists():
            words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            run(words, dict(os.environ), cwd=ROOT)
    return package
