"""A lost answer may be asked for again; any other reuse ends the session."""

import pytest

from accounts.models import AuditEvent, Session
from tests.cast import send

REFRESH = "/api/v1/auth/refresh"


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def first(request, signing_keys, clock):
    """The tokens of a sign-in, one for each product. The clock stands."""
    return request.getfixturevalue(request.param).sign_in()


def refresh(tokens):
    return send("POST", REFRESH, {"refresh_token": tokens["refresh_token"]})


def is_in(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    answer = send("GET", "/api/v1/auth/whoami", AUTHORIZATION=bearer)
    return answer.status_code == 200


def assert_family_dead(*generations):
    session = Session.objects.get()
    assert session.end_reason == "refresh_token_reused"
    assert session.sealed_successor is None
    for tokens in generations:
        assert not is_in(tokens)
        assert refresh(tokens).status_code == 401


def test_a_repeat_within_30_seconds_gets_the_same_pair(first, clock):
    second = refresh(first).json()
    for _ in range(3):
        clock.shift(10)
        repeated = refresh(first)
        assert repeated.status_code == 200
        assert repeated.json() == second
    assert is_in(second)
    assert refresh(second).status_code == 200


def test_a_repeat_later_ends_the_session(first, clock):
    second = refresh(first).json()
    clock.shift(31)
    assert refresh(first).json()["code"] == "invalid_refresh_token"
    assert_family_dead(first, second)


def test_a_repeat_after_the_successor_was_used_ends_the_session(first):
    second = refresh(first).json()
    third = refresh(second).json()
    assert refresh(first).json()["code"] == "invalid_refresh_token"
    assert_family_dead(first, second, third)


def test_only_the_last_one_may_be_repeated(first):
    second = refresh(first).json()
    third = refresh(second).json()
    assert refresh(second).json() == third
    assert is_in(third)
    assert refresh(first).status_code == 401
    assert_family_dead(second, third)


def test_using_the_access_token_of_the_successor_does_not_forbid_a_repeat(first):
    second = refresh(first).json()
    assert is_in(second)
    assert refresh(first).json() == second


def test_the_window_begins_with_the_rotation_and_is_not_prolonged(first, clock):
    refresh(first)
    clock.shift(20)
    assert refresh(first).status_code == 200
    clock.shift(20)
    assert refresh(first).status_code == 401


def test_every_older_generation_ends_the_session(first):
    generations = [first]
    for _ in range(4):
        generations.append(refresh(generations[-1]).json())
    assert refresh(generations[1]).status_code == 401
    assert_family_dead(*generations)


def test_a_dead_family_stays_dead(first, clock):
    refresh(first)
    clock.shift(31)
    refresh(first)
    ended_at = Session.objects.get().ended_at
    clock.shift(60)
    assert refresh(first).json()["code"] == "session_ended"
    assert Session.objects.get().ended_at == ended_at


def test_reuse_ends_one_session_not_the_others_of_the_person(alice, clock):
    stolen, other = alice.sign_in(), alice.sign_in()
    refresh(refresh(stolen).json())
    refresh(stolen)
    assert not is_in(stolen)
    assert is_in(other)
    assert refresh(other).status_code == 200


def test_reuse_is_written_down_once_although_the_request_failed(first, clock):
    refresh(first)
    clock.shift(31)
    refused = refresh(first)
    refresh(first)
    event = AuditEvent.objects.get(action="session.ended")
    assert event.target == Session.objects.get().public_id
    assert event.details == {"reason": "refresh_token_reused"}
    assert event.request_id == refused.json()["request_id"]


def test_an_honest_refresh_writes_no_event(first):
    before = AuditEvent.objects.count()
    refresh(refresh(first).json())
    assert AuditEvent.objects.count() == before
