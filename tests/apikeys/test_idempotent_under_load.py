"""One Idempotency-Key at four processes at once, a hundred times: one key each."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.apikeys.test_zero_stale import account as account
from tests.apikeys.test_zero_stale import four as four

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]
KEYS = "/api/v1/api-keys"
CLIENTS, ROUNDS = 8, 50


@pytest.fixture
def at_once(four, account):
    """at_once(path, body) -> what each client was answered, all with one
    Idempotency-Key, each on a connection of its own."""
    headers = {"X-API-Key": account["api_key"], "Connection": "close"}
    with (
        ThreadPoolExecutor(CLIENTS) as pool,
        httpx.Client(base_url=four.url, timeout=30, headers=headers) as calls,
    ):

        def ask(path, body):
            named = {"Idempotency-Key": str(uuid.uuid4())}

            def once(_):
                return calls.post(path, json=body, headers=named)

            return list(pool.map(once, range(CLIENTS)))

        yield ask


@pytest.fixture
def count(four):
    """count(table) -> how many rows there are."""

    def rows(table):
        with psycopg.connect(four.settings["DATABASE_URL"]) as connection:
            query = SQL("SELECT count(*) FROM {}").format(Identifier(table))
            return connection.execute(query).fetchone()[0]

    return rows


def replayed(answers):
    return sum("Idempotent-Replayed" in answer.headers for answer in answers)


def test_each_makes_one_key_and_everyone_is_told_it(at_once, count):
    before = count("apikeys_apikey"), count("accounts_idempotentanswer")
    for number in range(ROUNDS):
        wish = {"name": f"made {number}", "scopes": ["scans_read"]}
        answers = at_once(KEYS, wish)
        assert {answer.status_code for answer in answers} == {201}, answers[0].text
        assert len({answer.content for answer in answers}) == 1
        assert replayed(answers) == CLIENTS - 1
    after = count("apikeys_apikey"), count("accounts_idempotentanswer")
    assert after == (before[0] + ROUNDS, before[1] + ROUNDS)


def test_each_rotates_once_and_everyone_is_told_the_new_secret(
    four, account, at_once, count
):
    made = four.make_key(account, "scans_read", name="rotated")
    before = count("apikeys_apikeysecret")
    for _ in range(ROUNDS):
        answers = at_once(f"{KEYS}/{made['id']}/rotate", {"grace_seconds": 0})
        assert {answer.status_code for answer in answers} == {200}, answers[0].text
        assert len({answer.content for answer in answers}) == 1
        assert replayed(answers) == CLIENTS - 1
    assert count("apikeys_apikeysecret") == before + ROUNDS
    headers = {"X-API-Key": answers[0].json()["key"]}
    assert four.send("GET", "/api/v1/scans", headers=headers).status_code == 200
