"""A refresh token fetches the next pair, in the look of its product."""

import pytest

from accounts.models import Session
from tests.accounts.forging import read
from tests.cast import send

REFRESH = "/api/v1/auth/refresh"
DAY = 24 * 3600


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def who(request, signing_keys, clock):
    """Somebody of each product: the looks differ, no rule does. The clock stands."""
    return request.getfixturevalue(request.param)


def refresh(tokens):
    return send("POST", REFRESH, {"refresh_token": tokens["refresh_token"]})


def whoami(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    return send("GET", "/api/v1/auth/whoami", AUTHORIZATION=bearer)


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_the_answer_has_the_shape_of_a_sign_in(who):
    tokens = who.sign_in()
    answer = refresh(tokens)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert list(answer.json()) == list(tokens)
    for name in ("token_type", "expires_in"):
        assert answer.json()[name] == tokens[name]
    for name in ("access_token", "refresh_token"):
        assert answer.json()[name] != tokens[name]
        assert answer.json()[name][:7] == tokens[name][:7]


def test_the_new_pair_belongs_to_the_same_session(who):
    tokens = who.sign_in()
    new = refresh(tokens).json()
    old_claims, new_claims = (read(pair["access_token"])[1] for pair in (tokens, new))
    for name in ("sid", "sub", "org", "aud", "scope", "auth_time", "amr"):
        assert new_claims[name] == old_claims[name]
    assert Session.objects.count() == 1


def test_a_refresh_does_not_end_the_access_token_before(who):
    tokens = who.sign_in()
    new = refresh(tokens).json()
    assert whoami(tokens).status_code == whoami(new).status_code == 200


def test_every_generation_works(who):
    tokens = who.sign_in()
    for _ in range(6):
        answer = refresh(tokens)
        assert answer.status_code == 200
        tokens = answer.json()
    assert whoami(tokens).status_code == 200


def test_it_notes_when_and_from_where(who, clock):
    tokens = who.sign_in()
    clock.shift(DAY)
    before = Session.objects.get().last_used_at
    refresh(tokens)
    assert (Session.objects.get().last_used_at - before).total_seconds() == DAY


def test_each_refresh_prolongs_the_session_by_seven_days(who, clock):
    tokens = who.sign_in()
    for _ in range(4):
        clock.shift(7 * DAY - 1)
        answer = refresh(tokens)
        assert answer.status_code == 200
        tokens = answer.json()


def test_after_seven_idle_days_it_is_too_late(who, clock):
    tokens = who.sign_in()
    clock.shift(7 * DAY)
    assert refresh(tokens).status_code == 401
    clock.shift(-2)
    assert refresh(tokens).status_code == 200


def test_after_thirty_days_every_session_ends(who, clock):
    tokens = who.sign_in()
    for _ in range(5):
        clock.shift(5 * DAY)
        tokens = refresh(tokens).json()
    clock.shift(5 * DAY - 1)
    tokens = refresh(tokens).json()
    assert whoami(tokens).status_code == 200
    clock.shift(1)
    assert refusal(refresh(tokens)) == (401, "session_ended")
    assert refusal(whoami(tokens)) == (401, "session_ended")


def test_the_new_access_token_holds_what_the_role_holds_now(bob, alice):
    tokens = bob.sign_in()
    bob.membership.role = "viewer"
    bob.membership.save()
    scopes = read(refresh(tokens).json()["access_token"])[1]["scope"].split()
    assert "scans_read" in scopes
    assert "scans_write" not in scopes


def test_an_authorization_header_at_refresh_is_not_looked_at(who):
    body = {"refresh_token": who.sign_in()["refresh_token"]}
    assert send("POST", REFRESH, body, AUTHORIZATION="Bearer x").status_code == 200


def test_an_access_token_that_has_expired_says_so_and_a_refresh_helps(who, clock):
    tokens = who.sign_in()
    clock.shift(tokens["expires_in"] - 1)
    assert whoami(tokens).status_code == 200
    clock.shift(1)
    assert refusal(whoami(tokens)) == (401, "token_expired")
    assert whoami(refresh(tokens).json()).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"refresh_token": None},
        {"refresh_token": ""},
        {"refresh_token": 5},
        {"refresh_token": ["eyJ"]},
        {"refresh_token": "x" * 5000},
        {"refresh_token": "x", "grant_type": "refresh_token"},
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_malformed_refresh_is_refused_by_its_field(alice, body):
    refused = send("POST", REFRESH, body)
    assert refusal(refused) == (400, "invalid_request")
    field = "grant_type" if "grant_type" in body else "refresh_token"
    assert field in [error["field"] for error in refused.json()["errors"]]
