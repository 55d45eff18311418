"""schemathesis finds no 5xx and nothing that the OpenAPI document does not say."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.live import own_services
from tests.running import ROOT, clean_environment, running_up

EXAMPLES = 30
# Generated requests guess and come without a credential far more often than people.
ROOM = {
    "DOORWARD_ANONYMOUS_LIMITS": "100000/min, 10000/s",
    "DOORWARD_BRAKES": "100000/account, 100000/address in 15 min",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    """A server of its own: what is generated would be in the way of other tests."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with ExitStack() as stack:
        settings = {**stack.enter_context(own_services()), **ROOM}
        yield stack.enter_context(running_up(folder, start=None, **settings))


def key(up):
    return f"X-API-Key: {up.account('netrecon')['api_key']}"


def session(up):
    account = up.account("netrecon")
    person = {"email": account["email"], "password": account["password"]}
    tokens = httpx.post(f"{up.url}/api/v1/auth/login", json=person).json()
    return f"Authorization: Bearer {tokens['access_token']}"


# Each takes minutes: one on each lane, so that both databases meet odd requests.
BY_KEY = pytest.param(key, [], id="key", marks=pytest.mark.sqlite_only)
BY_SESSION = pytest.param(
    session,
    # Signing out would end the session that all other requests need.
    ["--exclude-path", "/api/v1/auth/logout"],
    id="session",
    marks=pytest.mark.postgres_only,
)


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize(("credential", "but"), [BY_KEY, BY_SESSION])
def test_every_answer_is_one_that_is_described(up, credential, but, tmp_path):
    command = [
        str(Path(sys.executable).with_name("st")),
        *("--config-file", str(ROOT / "tests" / "schemathesis.toml"), "--no-color"),
        *("run", f"{up.url}/api/schema", "--header", credential(up)),
        *("--max-examples", str(EXAMPLES), "--generation-database", "none"),
        *but,
    ]
    done = subprocess.run(
        command,
        env={**clean_environment(None), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
