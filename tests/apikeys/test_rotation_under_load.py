"""A rotation hurts nobody: of two secrets in constant use, each is let in as long as it
lives, and not once afterwards.

Four processes, six clients, fifty rounds with a grace and fifty without.
"""

import http.client
import itertools
import threading
import time
from collections import defaultdict
from urllib.parse import urlsplit

import pytest

from tests.apikeys.test_zero_stale import account as account
from tests.apikeys.test_zero_stale import four as four

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]
KEYS, SCANS = "/api/v1/api-keys", "/api/v1/scans"
CLIENTS, ROUNDS, ENOUGH, WAIT_SECONDS = 6, 50, 6, 30
names = (f"rotated {number}" for number in itertools.count())


class Users:
    """Clients that show the secrets in use in turn, and write down what they saw."""

    def __init__(self, url):
        self.address = urlsplit(url).netloc
        self.secrets = []
        self.seen = defaultdict(list)
        self.stopped = False

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=WAIT_SECONDS)
        for turn in itertools.count():
            if self.stopped:
                break
            secrets = self.secrets
            if not secrets:
                time.sleep(0.005)
                continue
            secret, begun = secrets[turn % len(secrets)], time.monotonic()
            connection.request("GET", SCANS, headers={"X-API-Key": secret})
            answer = connection.getresponse()
            answer.read()
            self.seen[secret].append((begun, answer.status))
        connection.close()

    def since(self, moment, secret):
        """The statuses of its requests that began later, once there are enough."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            seen = list(self.seen[secret])
            statuses = [status for begun, status in seen if begun > moment]
            if len(statuses) >= ENOUGH:
                return set(statuses)
            assert time.monotonic() < until
            time.sleep(0.005)


@pytest.fixture
def users(four):
    users = Users(four.url)
    threads = [threading.Thread(target=users.run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    yield users
    users.stopped = True
    for thread in threads:
        thread.join()


@pytest.fixture
def act(four, account):
    """act(key, "rotate", grace_seconds=0) -> the answer's body, and when it was
    there."""

    def go(made, word, **body):
        headers = {"X-API-Key": account["api_key"]}
        path = f"{KEYS}/{made['id']}/{word}"
        answer = four.send("POST", path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json(), time.monotonic()

    return go


@pytest.fixture
def in_use(four, account, users):
    """in_use() -> a key whose secret the clients are using."""

    def make():
        made = four.make_key(account, "scans_read", name=next(names))
        users.secrets = [made["key"]]
        assert users.since(0, made["key"]) == {200}
        return made

    return make


def test_a_rotation_without_a_grace_changes_secrets_at_its_answer(users, act, in_use):
    for _ in range(ROUNDS):
        made = in_use()
        body, answered = act(made, "rotate", grace_seconds=0)
        users.secrets = [made["key"], body["key"]]
        assert users.since(answered, made["key"]) == {401}
        assert users.since(answered, body["key"]) == {200}


def test_a_grace_lets_both_in_until_it_is_finished_or_cancelled(users, act, in_use):
    for number in range(ROUNDS):
        made = in_use()
        body, answered = act(made, "rotate", grace_seconds=3_600)
        users.secrets = [made["key"], body["key"]]
        assert users.since(answered, made["key"]) == {200}
        assert users.since(answered, body["key"]) == {200}
        word = ("finish", "cancel")[number % 2]
        dead, alive = ((made["key"], body["key"]), (body["key"], made["key"]))[
            number % 2
        ]
        ended = act(made, f"rotate/{word}")[1]
        assert users.since(ended, dead) == {401}
        assert users.since(ended, alive) == {200}
        # Over the whole life of the key nothing was refused that was alive.
        assert {status for _, status in users.seen[alive]} == {200}


def test_no_grace_outlives_the_key(four, account, users, act):
    expires = time.time() + 8
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(expires))
    wish = {"name": "brief", "expires_at": f"{text}.{int(expires % 1 * 1000):03}Z"}
    made = four.make_key(account, "scans_read", **wish)
    body, answered = act(made, "rotate", grace_seconds=3_600)
    users.secrets = [made["key"], body["key"]]
    for key in users.secrets:
        assert users.since(answered, key) == {200}
    time.sleep(max(0.0, expires - time.time()))
    expired = time.monotonic()
    for key in users.secrets:
        assert users.since(expired, key) == {401}
