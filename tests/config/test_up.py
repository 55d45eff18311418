"""`manage.py up` as a person meets it: real processes, real HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from tests.running import (
    Up,
    clean_environment,
    command,
    free_port,
    running_up,
)

# The demo brings its own SQLite database.
pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.patient]

MOST_MEGABYTES = 150


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One demo for the tests that only ask it something."""
    data = tmp_path_factory.mktemp("demo")
    with running_up(data, HTTP_AUTHORIZATION="Bearer from-the-environment") as up:
        yield up


def workers(up):
    done = subprocess.run(
        ["pgrep", "-P", str(up.process.pid)], capture_output=True, text=True, check=True
    )
    return [int(pid) for pid in done.stdout.split()]


def gone(pid):
    """Ended; a process that only waits to be collected counts."""
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as facts:
                if facts.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def wait_for_health(up):
    for _ in range(200):
        try:
            return up.status("/healthz") == 200
        except OSError:
            time.sleep(0.1)
    return False


def test_the_printed_facts_open_the_door(demo):
    assert demo.url == f"http://localhost:{demo.port}"
    for account in demo.facts["accounts"]:
        assert set(account) == {
            *("product", "organization", "plan", "email"),
            *("password", "api_key", "test_api_key"),
        }
        for name in ("api_key", "test_api_key"):
            assert demo.status("/api/v1/auth/whoami", X_API_Key=account[name]) == 200


def test_the_server_listens_on_loopback_only(demo):
    socket.create_connection(("127.0.0.1", demo.port)).close()
    # Another address of this machine: it answers only where 0.0.0.0 is bound.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", demo.port))


def test_a_variable_of_the_server_is_never_read_as_a_header(demo):
    # Beside the key it would be a second credential, and that is a 400.
    key = demo.account("netrecon")["api_key"]
    assert demo.status("/api/v1/auth/whoami", X_API_Key=key) == 200
    assert demo.status("/api/v1/auth/whoami") == 401


@pytest.mark.parametrize(
    "headers", [{"X-Long": "a" * 200_000}, {f"X-{i}": "a" for i in range(150)}]
)
def test_headers_without_measure_are_refused_before_they_are_kept(demo, headers):
    assert demo.status("/healthz", **headers) == 431


def test_more_idle_connections_than_threads_keep_nobody_out(demo):
    idle = [socket.create_connection(("127.0.0.1", demo.port)) for _ in range(64)]
    assert demo.status("/healthz") == 200
    for connection in idle:
        connection.close()


def test_one_worker_stays_small(demo):
    connection = http.client.HTTPConnection("127.0.0.1", demo.port)
    headers = {"X-API-Key": demo.account("netallion")["api_key"]}
    paths = [
        "/api/v1/scans",
        "/api/v1/auth/whoami",
        "/login",
        "/healthz",
        "/api/schema",
    ]
    for number in range(1000):
        connection.request("GET", paths[number % len(paths)], headers=headers)
        connection.getresponse().read()
    connection.close()
    [worker] = workers(demo)
    with open(f"/proc/{worker}/status") as status:
        kilobytes = int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
    print(f"one worker after 1,000 requests: {kilobytes / 1024:.0f} MB")
    assert kilobytes / 1024 <= MOST_MEGABYTES


def test_a_second_start_shows_no_secret_and_is_quick(tmp_path):
    with running_up(tmp_path) as first:
        assert first.account("netrecon")["password"]
        assert first.stop() == 0
    begun = time.monotonic()
    with running_up(tmp_path) as second:
        print(f"second start: {time.monotonic() - begun:.1f} s")
        for one, other in zip(
            first.facts["accounts"], second.facts["accounts"], strict=True
        ):
            assert other["organization"] == one["organization"]
            for name in ("password", "api_key", "test_api_key"):
                assert other[name] is None
        assert "To get new ones" in second.log.read_text()
        key = first.account("netrecon")["api_key"]
        assert second.status("/api/v1/auth/whoami", X_API_Key=key) == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_server_and_leaves_no_process(tmp_path, number):
    with running_up(tmp_path) as up:
        [worker] = workers(up)
        assert up.stop(number) == 0
        assert gone(worker)
        assert "Stopped. The data is kept." in up.log.read_text()


def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_is_no_failure(tmp_path):
    with running_up(tmp_path) as up:
        os.killpg(up.process.pid, signal.SIGINT)
        assert up.process.wait(20) == 0
        assert "Traceback" not in up.log.read_text()


def test_a_worker_does_not_outlive_a_parent_that_was_killed(tmp_path):
    with running_up(tmp_path) as up:
        [worker] = workers(up)
        up.stop(signal.SIGKILL)
        assert gone(worker)


def test_a_worker_that_dies_is_replaced(tmp_path):
    with running_up(tmp_path) as up:
        [worker] = workers(up)
        os.kill(worker, signal.SIGKILL)
        assert gone(worker)
        assert wait_for_health(up)
        assert workers(up) != [worker]
        assert up.stop() == 0


def test_two_starts_at_once_on_a_fresh_folder_both_answer(tmp_path):
    found = []

    def start():
        with running_up(tmp_path) as up:
            found.append(up.facts)
            assert up.status("/healthz") == 200

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    organizations = [
        {account["organization"] for account in facts["accounts"]} for facts in found
    ]
    assert organizations[0] == organizations[1]
    # The secrets went to exactly one of the two.
    assert [facts["accounts"][0]["password"] is None for facts in found].count(
        True
    ) == 1


def test_reset_starts_again_with_new_secrets(tmp_path):
    with running_up(tmp_path) as first:
        first.stop()
    with running_up(tmp_path, "--reset") as second:
        key = first.account("netrecon")["api_key"]
        assert second.status("/api/v1/auth/whoami", X_API_Key=key) == 401
        assert second.account("netrecon")["password"]


def test_the_screen_shows_lines_that_work(tmp_path):
    port = free_port()
    process = subprocess.Popen(
        command("up", "--port", str(port)),
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        shown = []
        for line in process.stdout:
            shown.append(line)
            if "Ctrl-C stops the server" in line:
                break
        lines = [line.strip() for line in shown if line.startswith("    curl ")]
        assert len(lines) == 6
        for line in lines:
            # As a person pastes it: through a shell.
            pasted = ["sh", "-c", f"{line} -sf"]
            answer = subprocess.check_output(pasted, text=True)
            assert isinstance(json.loads(answer), dict)
    finally:
        process.terminate()
        process.communicate()


def test_nobody_reading_is_no_reason_to_end(tmp_path):
    port = free_port()
    reader, writer = os.pipe()
    process = subprocess.Popen(
        command("up", "--port", str(port)),
        env=clean_environment(tmp_path),
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    os.close(reader)
    up = Up({}, port, process, tmp_path)
    assert wait_for_health(up)
    assert up.stop() == 0
