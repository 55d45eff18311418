"""Dead is dead at once, also for a key that many clients are using."""

import threading
import time

import httpx
import pytest

pytestmark = pytest.mark.slow
SCANS = "/api/v1/scans"
CLIENTS = 8


@pytest.fixture(scope="module")
def live(hammered):
    return hammered


def wait_for(condition):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def hammer(live):
    """hammer(key, kill) -> when `kill` was answered, and each request's start and
    status."""

    def run(key, kill):
        seen, stop = [], threading.Event()

        def client():
            with httpx.Client(base_url=live.url, headers={"X-API-Key": key}) as calls:
                while not stop.is_set():
                    begun = time.monotonic()
                    seen.append((begun, calls.get(SCANS).status_code))

        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(seen) > 5 * CLIENTS)
        kill()
        answered = time.monotonic()
        wait_for(lambda: sum(begun > answered for begun, _ in seen) > 5 * CLIENTS)
        stop.set()
        for thread in threads:
            thread.join()
        return answered, seen

    return run


@pytest.fixture
def account(live):
    return live.new_account("netrecon")


def kills(live, account, made):
    """The ways in which a key loses what it could do."""
    headers = {"X-API-Key": account["api_key"]}
    path = f"/api/v1/api-keys/{made['id']}"
    return {
        "revoke": lambda: live.send("DELETE", path, headers=headers),
        "scopes": lambda: live.send(
            "PATCH", path, headers=headers, json={"scopes": []}
        ),
    }


@pytest.mark.parametrize(("way", "code"), [("revoke", 401), ("scopes", 403)])
def test_no_request_that_starts_after_the_answer_is_let_through(
    live, account, hammer, way, code
):
    made = live.make_key(account, "scans_read")
    kill = kills(live, account, made)[way]
    answered, seen = hammer(made["key"], kill)
    before = [status for begun, status in seen if begun < answered]
    after = [status for begun, status in seen if begun > answered]
    assert before.count(200) >= CLIENTS
    # The plan's limit may refuse some of them too; none of them is let through.
    assert set(after) <= {code, 429}
    assert code in after
