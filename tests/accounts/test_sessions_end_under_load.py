"""No request that starts after the answer to a sign-out gets through, on any thread."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from tests.live import bearer

CALLERS = 8
NEW = "walnut kayak 77 comet"


@pytest.fixture(scope="module")
def live(hammered):
    return hammered


@dataclass
class Traffic:
    """Callers that use one access token until told to stop."""

    url: str
    token: str
    seen: list[tuple[float, int]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self):
        with httpx.Client(base_url=self.url, headers=bearer(self.token)) as client:
            while not self.stop.is_set():
                begun = time.monotonic()
                status = client.get("/api/v1/auth/whoami").status_code
                self.seen.append((begun, status))
                # Together they stay below the 100 requests in a second of an address.
                time.sleep(0.1)

    def statuses(self, *, since=0.0, until=float("inf")):
        return {status for begun, status in self.seen if since <= begun < until}


def log_out(live, account, tokens):
    return live.send(
        "POST", "/api/v1/auth/logout", headers=bearer(tokens["access_token"])
    )


def change_password(live, account, tokens):
    """From another session, so that the one under traffic ends."""
    here = bearer(live.sign_in(account)["access_token"])
    body = {"current_password": account["password"], "new_password": NEW}
    return live.send("POST", "/api/v1/auth/password", json=body, headers=here)


@pytest.mark.slow
@pytest.mark.parametrize("end", [log_out, change_password])
def test_nothing_that_starts_after_the_answer_gets_through(live, end):
    account = live.new_account("netrecon")
    tokens = live.sign_in(account)
    traffic = Traffic(live.url, tokens["access_token"])
    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(traffic.call) for _ in range(CALLERS)]
        time.sleep(1)
        begun = time.monotonic()
        assert end(live, account, tokens).status_code == 204
        answered = time.monotonic()
        time.sleep(1)
        traffic.stop.set()
    assert [call.result() for call in calls] == [None] * CALLERS
    assert traffic.statuses(until=begun) == {200}
    assert traffic.statuses(since=answered) == {401}
