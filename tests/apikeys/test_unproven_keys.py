"""Before a secret is proven every refusal is one and the same."""

import pytest

from apikeys import keys
from apikeys.models import ApiKey
from tests.cast import send

ENDPOINTS = [("GET", "/api/v1/scans"), ("POST", "/api/v1/api-keys")]


def flipped(key, place):
    other = "0" if key[place] != "0" else "1"
    return key[:place] + other + key[place + 1 :]


# What somebody may send who does not hold the key. None of them is the key.
SPOILED = {
    "unknown, with a checksum that fits": lambda key: keys.make("nr_live_"),
    "of the other product": lambda key: keys.make("cpf_live_"),
    "of the other environment": lambda key: keys.make("nr_test_"),
    "another prefix on the same body": lambda key: "nr_test_" + key[8:],
    "first character flipped": lambda key: flipped(key, 8),
    "middle character flipped": lambda key: flipped(key, 30),
    "last character flipped": lambda key: flipped(key, 55),
    "cut by one": lambda key: key[:-1],
    "cut by its checksum": lambda key: key[:-8],
    "cut to its prefix": lambda key: key[:8],
    "longer by one": lambda key: key + "a",
    "twice as long": lambda key: key + key[8:],
    "in upper case": lambda key: key.upper(),
    "body in upper case": lambda key: key[:8] + key[8:].upper(),
    "prefix in upper case": lambda key: key[:8].upper() + key[8:],
    "with a space behind": lambda key: key + " ",
    "with a tab behind": lambda key: key + "\t",
    "with a dot behind": lambda key: key + ".",
    "with an equals sign behind": lambda key: key + "=",
    "in quotes": lambda key: f'"{key}"',
    "with a line break": lambda key: key[:20] + "\n" + key[20:],
    "with another alphabet": lambda key: key[:-1] + "\u0430",
    "no key at all": lambda key: "hello",
    "empty": lambda key: "",
    "a wildcard": lambda key: "nr_live_%",
    "30 KB": lambda key: "nr_live_" + "a" * 30_000,
    "a token without signature": lambda key: "eyJhbGciOiJub25lIn0.e30.",
    "a refresh token's look": lambda key: "cpf_rt_" + "0" * 104,
    "an OAuth token's look": lambda key: "nr_oat_" + "0" * 48,
}


def told(answer):
    """All that an answer tells, but for its own number and time."""
    body = answer.json()
    del body["request_id"]
    quiet = {"X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit"}
    headers = {name: text for name, text in answer.items() if name not in quiet}
    return answer.status_code, body, headers


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_every_wrong_key_gets_the_same_answer(issue, spoil):
    wrong = spoil(issue("scans_read", "api_keys_manage")[1])
    for method, path in ENDPOINTS:
        expected = told(send(method, path, X_API_KEY="nr_live_wrong"))
        assert expected[0] == 401
        assert expected[1]["code"] == "invalid_credential"
        assert told(send(method, path, X_API_KEY=wrong)) == expected
        assert told(send(method, path, AUTHORIZATION=f"Bearer {wrong}")) == expected


def test_the_hint_of_a_key_does_not_open_anything(issue, call):
    api_key = issue("scans_read")[0]
    for text in (api_key.hint, api_key.hint.replace("…", "0" * 40), api_key.public_id):
        assert (
            call(text.encode("utf-8", "replace").decode("latin-1")).status_code == 401
        )


def test_a_wrong_key_is_never_told_that_an_organization_is_suspended(
    issue, alice, call
):
    key = issue("scans_read")[1]
    alice.organization.is_active = False
    alice.organization.save()
    assert call(flipped(key, 20)).json()["code"] == "invalid_credential"


def test_what_cannot_be_a_key_costs_no_query(issue, django_assert_num_queries):
    key = issue("scans_read")[1]
    wrong = [spoil(key) for spoil in SPOILED.values()]
    with django_assert_num_queries(0):
        for text in wrong:
            if not keys.well_formed(text):
                assert send("GET", "/api/v1/scans", X_API_KEY=text).status_code == 401


def test_an_unknown_key_costs_one_query(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        unknown = keys.make("nr_live_")
        assert send("GET", "/api/v1/scans", X_API_KEY=unknown).status_code == 401


def test_wrong_keys_leave_nothing_behind(issue, alice):
    key = issue("scans_read")[1]
    for spoil in SPOILED.values():
        send("GET", "/api/v1/scans", X_API_KEY=spoil(key))
    assert ApiKey.objects.count() == 1
    assert alice.call("GET", "/api/v1/audit-events").json()["data"][0]["action"] == (
        "api_key.created"
    )
