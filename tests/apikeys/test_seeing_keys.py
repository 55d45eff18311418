"""Who sees which keys: a stranger none, a colleague their own, a manager all."""

import pytest

from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"


@pytest.fixture
def keys(issue, bob):
    """One key of each sort in alice's organization, by a word for it."""
    return {
        "live": issue("scans_read")[0],
        "test": issue("scans_read", environment="test")[0],
        "bob's": issue("scans_read", owner=bob)[0],
    }


def listed(who, query=""):
    answer = through(who, "GET", KEYS + query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["data"]]


def ids(*found):
    return sorted((api_key.public_id for api_key in found), reverse=True)


def test_an_owner_sees_every_key_of_the_organization_newest_first(keys, alice):
    assert listed(alice) == ids(*keys.values())


def test_a_member_sees_their_own(keys, bob):
    assert listed(bob) == ids(keys["bob's"])


def test_a_key_that_manages_keys_sees_all_of_them(keys, issue):
    own, key = issue("api_keys_manage")
    assert listed(key) == ids(own, *keys.values())


def test_a_personal_key_that_manages_keys_sees_all_of_them(keys, issue, alice):
    own, key = issue("api_keys_manage", owner=alice)
    assert listed(key) == ids(own, *keys.values())


def test_a_key_without_the_right_sees_none(keys, issue, bob, refused):
    for owner in (None, bob):
        key = issue("scans_read", owner=owner)[1]
        refused(through(key, "GET", KEYS), 403, "insufficient_scope")


def test_a_sandbox_key_sees_sandbox_keys_only(keys, issue, refused):
    own, key = issue("api_keys_manage", environment="test")
    assert listed(key) == ids(own, keys["test"])
    for method in ("GET", "PATCH", "DELETE"):
        path = f"{KEYS}/{keys['live'].public_id}"
        refused(through(key, method, path, {}), 403, "environment_mismatch")


def test_a_sandbox_key_reads_and_revokes_sandbox_keys(keys, issue):
    key = issue("api_keys_manage", "scans_read", environment="test")[1]
    path = f"{KEYS}/{keys['test'].public_id}"
    assert through(key, "GET", path).json()["environment"] == "test"
    assert through(key, "PATCH", path, {"name": "Sand"}).status_code == 200
    assert through(key, "DELETE", path).status_code == 204


def test_a_stranger_finds_no_key(keys, carol, nadia):
    for stranger in (carol, nadia):
        assert listed(stranger) == []
        for api_key in keys.values():
            for method in ("GET", "PATCH", "DELETE"):
                path = f"{KEYS}/{api_key.public_id}"
                missing = through(stranger, method, path, {"name": "Mine"})
                assert missing.status_code == 404
                assert missing.json()["code"] == "not_found"


def test_a_stranger_cannot_tell_a_foreign_key_from_none(keys, carol):
    foreign = through(carol, "GET", f"{KEYS}/{keys['live'].public_id}").json()
    nobody = through(carol, "GET", f"{KEYS}/key_01h455vb4pex5vsknk084sn02q").json()
    assert foreign | {"request_id": ""} == nobody | {"request_id": ""}


def test_a_stranger_keeps_what_belongs_to_others_as_it_is(keys, carol, alice):
    for api_key in keys.values():
        through(carol, "DELETE", f"{KEYS}/{api_key.public_id}")
    assert {row["status"] for row in alice.call("GET", KEYS).json()["data"]} == {
        "active"
    }


def test_a_colleague_is_told_what_is_missing(keys, bob, refused):
    for method in ("GET", "PATCH", "DELETE"):
        path = f"{KEYS}/{keys['live'].public_id}"
        body = refused(through(bob, method, path, {}), 403, "insufficient_scope")
        assert body["missing"] == ["api_keys_manage"]


def test_a_member_reads_changes_and_revokes_their_own(keys, bob):
    path = f"{KEYS}/" + keys["bob's"].public_id
    assert through(bob, "GET", path).json()["owner"] == bob.user.public_id
    assert through(bob, "PATCH", path, {"name": "Mine"}).status_code == 200
    assert through(bob, "DELETE", path).status_code == 204


def test_a_personal_key_does_not_manage_itself(issue, bob, refused):
    """The person may, their key may not: it could hide or prolong itself."""
    api_key, key = issue("scans_read", owner=bob)
    for method in ("GET", "PATCH", "DELETE"):
        path = f"{KEYS}/{api_key.public_id}"
        refused(through(key, method, path, {}), 403, "insufficient_scope")


def test_pages_hold_every_key_once(issue):
    own, key = issue("api_keys_manage")
    made = [own, *(issue("scans_read")[0] for _ in range(4))]
    found, query = [], "?limit=2"
    while query:
        page = through(key, "GET", KEYS + query).json()
        found += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    assert found == ids(*made)


def test_a_cursor_of_a_stranger_leads_to_no_key_of_theirs(keys, carol, issue):
    key = issue("api_keys_manage")[1]
    foreign = carol.call("POST", KEYS, {"name": "X", "scopes": []}).json()["id"]
    assert foreign not in listed(key, f"?cursor={foreign}")
    assert listed(carol, f"?cursor={keys['live'].public_id}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("?cursor=", "cursor"), ("?cursor=1", "cursor"), ("?cursor=%00", "cursor")),
        ("?cursor=scan_01h455vb4pex5vsknk084sn02q", "cursor"),
        ("?cursor=KEY_01H455VB4PEX5VSKNK084SN02Q", "cursor"),
        *(("?limit=0", "limit"), ("?limit=101", "limit"), ("?limit=x", "limit")),
    ],
)
def test_a_wrong_cursor_or_limit_is_named(issue, query, field):
    key = issue("api_keys_manage")[1]
    refused = through(key, "GET", KEYS + query)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == field
