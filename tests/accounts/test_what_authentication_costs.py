"""How many statements a sign-in costs the database, and that a forgery costs none."""

import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import signing
from tests.accounts.forging import altered, by_secret
from tests.cast import send

WHOAMI = "/api/v1/auth/whoami"


@pytest.fixture
def known_keys(signing_keys):
    """This process has just read the verifying keys."""
    signing._public_keys.read()


def show(token):
    return send("GET", WHOAMI, AUTHORIZATION=f"Bearer {token}")


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def person(request, signing_keys):
    return request.getfixturevalue(request.param)


def test_a_request_with_an_access_token_costs_one(
    person, known_keys, django_assert_num_queries
):
    token = person.sign_in()["access_token"]
    with django_assert_num_queries(1):
        assert show(token).status_code == 200


def test_a_dead_session_costs_one(alice, known_keys, django_assert_num_queries):
    token = alice.sign_in()["access_token"]
    alice.call("POST", "/api/v1/auth/logout")
    with django_assert_num_queries(1):
        assert show(token).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token.swapcase(),
        lambda token: "a.b.c",
        lambda token: token.partition(".")[0],
        lambda token: altered(token, sign=by_secret(b"guess"), exp=4_000_000_000),
        lambda token: altered(token, sign=by_secret(b"x"), header={"kid": "unknown"}),
        lambda token: altered(token, sign=by_secret(b"x"), header={"typ": "rt+jwt"}),
        lambda token: "x" * 9000,
    ],
    ids=["cut", "case", "no jwt", "header", "signature", "kid", "type", "long"],
)
def test_a_forged_token_costs_nothing(
    alice, known_keys, django_assert_num_queries, spoil
):
    forged = spoil(alice.sign_in()["access_token"])
    with django_assert_num_queries(0):
        assert show(forged).status_code == 401


def test_a_token_of_ours_that_expired_costs_nothing(
    alice, known_keys, django_assert_num_queries
):
    expired = altered(alice.sign_in()["access_token"], exp=int(time.time()) - 1)
    with django_assert_num_queries(0):
        assert show(expired).status_code == 401


def test_a_flood_of_unknown_keys_makes_us_look_once_a_second(
    alice, known_keys, crowd, settings
):
    token = alice.sign_in()["access_token"]
    forged = altered(token, sign=by_secret(b"x"), header={"kid": "unknown"})
    keys = signing._public_keys
    keys.read_at -= signing.UNKNOWN_KID_SECONDS + 1

    def statements():
        with CaptureQueriesContext(connection) as statements:
            assert show(forged).status_code == 401
        return len(statements)

    # All of them arrive while the first one still looks.
    keys.lock.acquire()
    threading.Timer(0.3, keys.lock.release).start()
    assert sum(crowd(statements, times=32)) == 1


def test_a_refresh_reads_the_session_once_and_writes_it_once(
    person, known_keys, django_assert_num_queries
):
    token = person.sign_in()["refresh_token"]
    with django_assert_num_queries(4 if token.startswith("eyJ") else 3) as statements:
        assert refresh(token).status_code == 200
    told = [query["sql"].split()[0] for query in statements.captured_queries]
    assert told.count("UPDATE") == 1


def test_a_repeated_refresh_writes_nothing(
    person, known_keys, django_assert_num_queries
):
    token = person.sign_in()["refresh_token"]
    refresh(token)
    with django_assert_num_queries(1):
        assert refresh(token).status_code == 200


@pytest.mark.parametrize("cut", [1, 8, 40])
def test_a_mistyped_refresh_token_costs_nothing(
    person, known_keys, django_assert_num_queries, cut
):
    token = person.sign_in()["refresh_token"]
    with django_assert_num_queries(0):
        assert refresh(token[:-cut]).status_code == 401
        assert refresh(token[:-1] + "~").status_code == 401


def refresh(token):
    return send("POST", "/api/v1/auth/refresh", {"refresh_token": token})
