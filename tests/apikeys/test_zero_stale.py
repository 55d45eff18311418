"""Of all requests that start after a key was ended, none is let through.

Four processes, fifty clients, fifteen rounds of each of seven ways to end what a key
may do: 105 rounds.
"""

import itertools
import uuid
from statistics import median

import httpx
import psycopg
import pytest

from tests.apikeys.herd import herd_of
from tests.live import Live, as_made, bearer, own_services
from tests.running import running_up

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]
KEYS, SCANS = "/api/v1/api-keys", "/api/v1/scans"
PASSWORD = "plum otter 42 lantern"
ROUNDS = 15
UNBRAKED = {"DOORWARD_ANONYMOUS_LIMITS": "1000000/min, 100000/s"}


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """Four processes on a database and a Redis of their own."""
    data = tmp_path_factory.mktemp("four")
    with own_services() as services:
        settings = {**services, **UNBRAKED}
        with running_up(data, "--workers", "4", **settings) as up:
            accounts = {one["product"]: one for one in up.facts["accounts"]}
            single = httpx.Limits(max_keepalive_connections=0)
            with httpx.Client(base_url=up.url, timeout=30, limits=single) as calls:
                yield Live(up.url, accounts, data, settings, calls, as_made(accounts))


@pytest.fixture(scope="module")
def herd(four):
    with herd_of(four.url) as herd:
        yield herd


@pytest.fixture(scope="module")
def account(four):
    return four.new_account("netrecon")


def manage(four, account, method, path, body=None):
    """A call with the account's own key, which manages the others."""
    headers = {"X-API-Key": account["api_key"]}
    answer = four.send(method, path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer


@pytest.fixture(scope="module")
def member(four, account):
    """An admin of the organization, signed in: the id, and headers for calls."""
    email = f"{uuid.uuid4().hex[:8]}@acme.test"
    owner = bearer(four.sign_in(account)["access_token"])
    wish = {"email": email, "role": "admin"}
    invited = four.send("POST", "/api/v1/users", json=wish, headers=owner).json()
    token = invited["invitation_url"].rpartition("/")[2]
    joining = {"token": token, "name": "Bo", "password": PASSWORD}
    answer = four.send("POST", "/api/v1/auth/invitations/accept", json=joining)
    assert answer.status_code == 201, answer.text
    person = {"email": email, "password": PASSWORD}
    return {"id": invited["id"], "owner": owner, "person": person}


def change_member(four, member, **changes):
    path = f"/api/v1/users/{member['id']}"
    answer = four.send("PATCH", path, json=changes, headers=member["owner"])
    assert answer.status_code == 200, answer.text


def switch(four, account, *, active):
    """What an operator's switch in the admin writes."""
    with psycopg.connect(four.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "UPDATE accounts_organization SET is_active = %s FROM apikeys_apikey k "
            "JOIN apikeys_apikeysecret s ON s.api_key_id = k.id "
            "WHERE accounts_organization.id = k.organization_id AND s.hint = %s",
            [active, hint(account["api_key"])],
        )


def hint(key):
    return f"{key[:12]}…{key[-4:]}"


names = (f"round {number}" for number in itertools.count())


def key_of_organization(four, account):
    return four.make_key(account, "scans_read", name=next(names))


def key_of_member(four, member):
    headers = bearer(four.sign_in(member["person"])["access_token"])
    wish = {
        "name": next(names),
        "scopes": ["scans_read", "api_keys_manage"],
        "owner": "me",
    }
    answer = four.send("POST", KEYS, json=wish, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def check(herd, made, kill, *, path=SCANS, status):
    """One round. The answer: how long after the kill the last success was read, in
    milliseconds, of requests that had begun before it."""
    answered, seen = herd.killed(made["key"], path, kill)
    after = [each.status for each in seen if each.begun > answered]
    assert after.count(200) == 0
    # The plan's limit may refuse some of them before the key is looked at.
    assert set(after) <= {status, 429}
    assert status in after
    late = [each.ended - answered for each in seen if each.status == 200]
    return max(0.0, max(late)) * 1000


@pytest.fixture
def told(record_property, capsys):
    """Write the figures where `-rP` and reports show them."""

    def tell(way, figures):
        text = (
            f"{way}: last success {max(figures):.1f} ms after the answer, "
            f"median {median(figures):.1f} ms, {len(figures)} rounds"
        )
        record_property("last_success", text)
        with capsys.disabled():
            print(f"\n    {text}")

    return tell


@pytest.mark.parametrize(
    ("way", "method", "end", "body", "status"),
    [
        ("revoke", "DELETE", "", None, 401),
        ("disable", "POST", "/disable", None, 401),
        ("rotate now", "POST", "/rotate", {"grace_seconds": 0}, 401),
        ("scope removed", "PATCH", "", {"scopes": []}, 403),
    ],
)
def test_a_key_that_was_ended_lets_nobody_in(
    four, herd, account, told, way, method, end, body, status
):
    figures = []
    for _ in range(ROUNDS):
        made = key_of_organization(four, account)
        path = f"{KEYS}/{made['id']}"

        def kill(path=path):
            manage(four, account, method, path + end, body)

        figures.append(check(herd, made, kill, status=status))
        # The plan has no room for all of them.
        manage(four, account, "DELETE", path)
    told(way, figures)


@pytest.mark.parametrize(
    ("way", "down", "up", "status"),
    [
        ("owner deactivated", {"is_active": False}, {"is_active": True}, 401),
        ("role lowered", {"role": "member"}, {"role": "admin"}, 403),
    ],
)
def test_who_may_less_has_no_key_that_may_more(
    four, herd, member, told, way, down, up, status
):
    figures = []
    for _ in range(ROUNDS):
        made = key_of_member(four, member)

        def kill():
            change_member(four, member, **down)

        figures.append(check(herd, made, kill, path=KEYS, status=status))
        change_member(four, member, **up)
    told(way, figures)


def test_a_suspended_organization_has_no_key_that_works(four, herd, account, told):
    figures = []
    for _ in range(ROUNDS):
        made = key_of_organization(four, account)
        figures.append(
            check(herd, made, lambda: switch(four, account, active=False), status=401)
        )
        switch(four, account, active=True)
    told("organization suspended", figures)
