"""Revoking a key: at once, for good, and as often as one likes."""

import pytest

from accounts.models import AuditEvent
from apikeys.models import ApiKey
from tests.apikeys.conftest import through
from tests.cast import send

KEYS = "/api/v1/api-keys"


@pytest.fixture
def revoke():
    """revoke(who, api_key, "?reason=leaked") -> the answer."""

    def delete(who, api_key, query=""):
        return through(who, "DELETE", f"{KEYS}/{api_key.public_id}{query}")

    return delete


@pytest.fixture
def manager(issue):
    return issue("api_keys_manage", name="Manager")[1]


def test_a_revoked_key_is_refused_at_once(issue, call, alice, revoke):
    api_key, key = issue("scans_read")
    assert call(key).status_code == 200
    assert revoke(alice, api_key).status_code == 204
    refused = call(key)
    assert refused.status_code == 401
    assert refused.json()["code"] == "key_revoked"


def test_a_key_may_revoke_a_wider_one_and_itself(issue, manager, revoke):
    """Less is always allowed: who finds a leaked key must be able to stop it."""
    wider = issue("scans_read", "billing")[0]
    assert revoke(manager, wider).status_code == 204
    own = ApiKey.objects.get(name="Manager")
    assert revoke(manager, own).status_code == 204
    assert revoke(manager, own).json()["code"] == "key_revoked"


def test_a_second_revocation_changes_nothing(issue, manager, revoke):
    api_key = issue("scans_read")[0]
    assert revoke(manager, api_key, "?reason=leaked").status_code == 204
    api_key.refresh_from_db()
    first = api_key.revoked_at
    assert revoke(manager, api_key, "?reason=unused").status_code == 204
    api_key.refresh_from_db()
    assert (api_key.revoked_at, api_key.revoked_reason) == (first, "leaked")
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == 1


@pytest.mark.parametrize("reason", ["leaked", "unused", "replaced", "other"])
def test_a_reason_is_kept(issue, manager, revoke, reason):
    api_key = issue("scans_read")[0]
    assert revoke(manager, api_key, f"?reason={reason}").status_code == 204
    event = AuditEvent.objects.get(action="api_key.revoked")
    assert event.details == {"reason": reason}
    assert event.target == api_key.public_id


@pytest.mark.parametrize(
    "query",
    [
        *("?reason=", "?reason=bored", "?reason=LEAKED", "?reason=leaked%00"),
        *("?reason=leaked&reason=other", "?why=leaked", "?reason=leaked&x=1"),
    ],
)
def test_a_reason_is_one_of_a_few_words(issue, manager, revoke, call, query):
    api_key, key = issue("scans_read")
    refused = revoke(manager, api_key, query)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] in ("reason", "why", "x")
    assert call(key).status_code == 200


def test_a_revoked_key_is_still_listed_and_read(issue, manager, revoke):
    api_key = issue("scans_read")[0]
    revoke(manager, api_key)
    read = through(manager, "GET", f"{KEYS}/{api_key.public_id}").json()
    assert read["status"] == "revoked"
    listed = through(manager, "GET", KEYS).json()["data"]
    assert api_key.public_id in [row["id"] for row in listed]


def test_one_revocation_stops_one_key(issue, call, manager, revoke):
    first, second = issue("scans_read"), issue("scans_read")
    revoke(manager, first[0])
    assert call(second[1]).status_code == 200


def test_an_id_that_is_no_key_is_not_found(issue, manager):
    api_key = issue("scans_read")[0]
    for wrong in (
        api_key.public_id.upper(),
        api_key.public_id[:-1],
        api_key.public_id + "0",
        api_key.public_id.replace("key_", "usr_"),
        api_key.public_id.removeprefix("key_"),
        str(api_key.pk),
        "key_00000000000000000000000000",
        "key_80000000000000000000000000",
        "1",
        "%00",
    ):
        for method in ("GET", "PATCH", "DELETE"):
            missing = through(manager, method, f"{KEYS}/{wrong}", {})
            assert missing.status_code == 404, wrong
            assert missing.json()["code"] == "not_found"


def test_nobody_without_a_credential_revokes(issue, call):
    api_key, key = issue("scans_read")
    assert send("DELETE", f"{KEYS}/{api_key.public_id}").status_code == 401
    assert call(key).status_code == 200
