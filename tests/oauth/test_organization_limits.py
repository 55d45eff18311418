"""Tokens of applications follow what an operator gives their organization, at once."""

import pytest

from tests.cast import send
from tests.oauth.conftest import register

WHOAMI = "/api/v1/auth/whoami"


@pytest.fixture(params=["person", "machine"])
def token(request, alice, app, alices):
    """A token for a person, and one of an application's own."""
    if request.param == "person":
        return alices.tokens(app)["access_token"]
    machine = register(alice, type="machine")
    answer = machine.token(grant_type="client_credentials", scope="scans_read")
    return answer.json()["access_token"]


def told(token):
    answer = send("GET", WHOAMI, AUTHORIZATION=f"Bearer {token}")
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining")
    return answer.status_code, *(int(answer.headers[name]) for name in names)


def test_a_token_is_judged_by_the_new_numbers(alice, token, standing_limits):
    assert [told(token) for _ in range(2)][-1] == (200, 2000, 1998)
    alice.organization.per_minute = 3
    alice.organization.save()
    assert [told(token) for _ in range(2)] == [(200, 3, 0), (429, 3, 0)]
    alice.organization.per_minute = 5000
    alice.organization.save()
    assert told(token) == (200, 5000, 4996)
