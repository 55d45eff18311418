"""A refusal does not break the connection that it was sent on."""

from __future__ import annotations

import httpx
import pytest

UNKNOWN = "nr_live_" + "0" * 48


@pytest.fixture(scope="module")
def live(hammered):
    return hammered


@pytest.mark.slow
@pytest.mark.parametrize("size", [200, 60_000, 200_000])
def test_a_client_that_was_refused_sends_its_next_request(live, size):
    """The unread rest of a body would be taken for the next request, or a reset."""
    headers = {"X-API-Key": UNKNOWN, "Content-Type": "application/json"}
    with httpx.Client(base_url=live.url) as client:
        for _ in range(30):
            answer = client.post("/api/v1/scans", headers=headers, content=b"x" * size)
            assert answer.status_code in (401, 413)
