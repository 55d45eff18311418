"""Every code block of README.md and docs/ is run by a test."""

import json
import secrets
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from accounts.products import products
from tests.config.test_fresh_checkout import NOT_CLONED
from tests.documents import (
    DOCUMENTS,
    Reader,
    all_blocks,
    environment_of,
    missing_lines,
    named,
    same_shape,
)
from tests.live import needs, node_program, own_services, run
from tests.oauth.live_browser import browsing
from tests.running import ROOT, clean_environment, command, free_port, running_up

# A real server and real clients.
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.sqlite_only]

README = ROOT / "README.md"
KNOWN = {"bash", "text", "json", "toml", "python", "ts", "nginx"}
# These blocks have a test of their own, here or in test_readme_for_others.
APART = {"up", "test", "typescript", "secrets", "serve", "proxy", "folders"}
COMMAND_LINES = [
    block
    for block in all_blocks("bash")
    if block.name not in APART and "/" not in block.name
]
SHOWN = [block for block in all_blocks("text", "json") if block.name not in APART]


@pytest.mark.parametrize("block", all_blocks(), ids=str)
def test_every_block_is_of_a_kind_that_is_tested(block):
    assert block.language in KNOWN
    assert block.name or block.language == "bash"


# A document is read from top to bottom


@pytest.fixture(scope="module")
def readers(live):
    """Somebody with the demo's accounts for each document."""
    netrecon, netallion = live.demo["netrecon"], live.demo["netallion"]
    given = {
        "KEY": netrecon["api_key"],
        "PASSWORD": netrecon["password"],
        "ORGANIZATION": netrecon["organization"],
        "NETALLION_KEY": netallion["api_key"],
        "NETALLION": netallion["organization"],
        "VERIFIER": secrets.token_hex(32),
    }
    # It uses the key up.
    used_up = live.make_key(netallion, "scan:read")["key"]
    other = {"KEY": used_up, "MANAGER_KEY": netallion["api_key"]}
    environment = environment_of(clean_environment(live.data, **live.settings))
    return {
        file: Reader(
            live.url,
            other if file.name == "limits.md" else given,
            environment=environment,
            visit=partial(visit, live),
        )
        for file in DOCUMENTS
    }


def visit(live, address):
    """Where the browser of who is asked ends. They sign in and allow everything."""
    is_netallions = any(scope in address for scope in products()["netallion"].scopes)
    account = live.demo["netallion" if is_netallions else "netrecon"]
    with browsing(live, account) as browser:
        return browser.visit(address)


@pytest.fixture(scope="module")
def printed(readers):
    """What the command lines printed, by block, up to the first that failed."""
    needs("curl")
    answers = {}
    for block in COMMAND_LINES:
        try:
            answers[block] = readers[block.file].run(block)
        except AssertionError as error:
            answers[block] = error
    return answers


@pytest.mark.parametrize("block", COMMAND_LINES, ids=str)
def test_every_command_line_succeeds(printed, block):
    if isinstance(printed[block], AssertionError):
        raise printed[block]


@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_every_output_that_is_shown_is_the_real_one(printed, shown):
    beside = [block for block in COMMAND_LINES if block.file == shown.file]
    real = next(printed[block] for block in beside if block.name == shown.name)
    if shown.language == "json":
        assert same_shape(json.loads(shown.text), json.loads(real)) == []
    else:
        assert missing_lines(shown.text, real) == []


@pytest.mark.parametrize(
    "block", [block for block in all_blocks() if "/" in block.name], ids=str
)
def test_every_client_that_is_shown_is_the_file(block):
    assert block.text == (ROOT / block.name).read_text(encoding="utf-8")


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_every_product_file_that_is_shown_gets_a_demo(block, tmp_path):
    (tmp_path / block.name).write_text(block.text)
    settings = {"DOORWARD_PRODUCTS_DIR": str(tmp_path)}
    with own_services() as services:
        settings.update(services)
        with running_up(tmp_path / "data", start=None, **settings) as up:
            account = up.account(block.name.removesuffix(".toml"))
            assert up.status("/api/v1/scans", X_API_Key=account["api_key"]) == 200


# The two commands


def start_and_stop(words, environment, folder):
    """All that `up` says to a person, from its start to Ctrl-C."""
    log = folder / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*words, "--port", str(free_port())],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            while "Ctrl-C stops" not in log.read_text() and process.poll() is None:
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    lines = log.read_text().partition("\n\n  Stopped.")[0].splitlines()
    return "\n".join(line for line in lines if not line.startswith('{"time"'))


def test_the_first_command_prints_what_is_shown(tmp_path):
    shown = named(README, "up", "text").text.splitlines()
    # Here the packages are there already; the slow test below begins without them.
    shown = [line for line in shown if "[1/5]" not in line and "[2/5]" not in line]
    with own_services() as settings:
        environment = clean_environment(tmp_path / "data", **settings)
        real = start_and_stop(command("up"), environment, tmp_path)
    assert missing_lines("\n".join(shown), real) == []


def test_the_first_command_prints_what_is_shown_in_a_fresh_checkout(tmp_path):
    checkout = tmp_path / "doorward"
    shutil.copytree(ROOT, checkout, ignore=NOT_CLONED)
    environment = clean_environment(None, DOORWARD_NO_BOOTSTRAP="0")
    words = [sys._base_executable, str(checkout / "manage.py"), "up"]
    real = start_and_stop(words, environment, tmp_path)
    progress = [line for line in real.splitlines() if " locked packages: " not in line]
    assert missing_lines(named(README, "up", "text").text, "\n".join(progress)) == []


def test_the_second_command_prints_what_is_shown():
    words = command("test", "--", "tests/ratelimits/test_limits_as_text.py")
    real = run(words, clean_environment(None))
    if "left out" in real:
        pytest.skip("PostgreSQL or Redis is not installed")
    assert missing_lines(named(README, "test", "text").text, real) == []


# What needs other programs


def test_the_typescript_clients_are_compiled_and_run_as_shown(readers, printed):
    needs("node")
    node_program("tsc")
    real = readers[README].run(named(README, "typescript"))
    assert missing_lines(named(README, "typescript", "text").text, real) == []
