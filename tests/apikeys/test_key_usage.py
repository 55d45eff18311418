"""GET /api/v1/api-keys/{key_id}/usage: one key, for who may see the key."""

import csv
import io
from datetime import timedelta

import pytest

from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.counted import REST
from ratelimits.models import Usage
from tests.apikeys.conftest import KEYS, through
from tests.cast import send

SCANS = "/api/v1/scans"


def read(who, api_key, query=""):
    usage.recorder.flush()
    return through(who, "GET", f"{KEYS}/{api_key.public_id}/usage{query}")


def test_it_tells_how_one_key_was_used(alice, issue, call):
    api_key, key = issue("scans_read", name="Nightly", limits={"daily": 100})
    other = issue("scans_read")[1]
    for text in (key, key, other):
        call(text)
    send("GET", f"{SCANS}/scan_1", X_API_KEY=key, USER_AGENT="curl/8.1")
    answer = read(alice, api_key).json()
    assert answer["id"] == api_key.public_id
    assert (answer["kind"], answer["name"]) == ("api_key", "Nightly")
    assert answer["environment"] == "live"
    assert answer["organization"] == alice.organization.public_id
    assert answer["limits"] == {"per_minute": 2000, "burst": 500, "daily": 100}
    assert answer["today"] == {"used": 3, "left": 97}
    assert answer["totals"]["requests"] == answer["totals"]["charged"] == 3
    assert len(answer["days"]) == 30
    assert answer["days"][0]["requests"] == 3
    assert answer["top_endpoints"] == [
        {"endpoint": "GET /api/v1/scans", "requests": 2},
        {"endpoint": "GET /api/v1/scans/{scan_id}", "requests": 1},
    ]
    assert answer["addresses"] == [{"address": "127.0.0.1", "requests": 3}]
    assert answer["agents"] == [{"agent": "curl/8.1", "requests": 1}]
    assert answer["distinct_addresses"] == 1


def test_of_many_addresses_the_twenty_busiest_are_named(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    usage.recorder.flush()
    names = {f"192.0.2.{number}": number for number in range(1, 41)}
    rows = Usage.objects.filter(credential=api_key.public_id)
    rows.update(details={"addresses": {**names, REST: 900}})
    answer = read(alice, api_key).json()
    assert [each["requests"] for each in answer["addresses"]] == list(range(40, 20, -1))
    assert answer["distinct_addresses"] == 40
    assert answer["distinct_addresses_at_least"] is True


def test_a_key_that_was_never_used_has_a_usage_of_nothing(alice, issue):
    answer = read(alice, issue("scans_read")[0]).json()
    assert answer["totals"]["requests"] == 0
    assert answer["today"] == {"used": 0, "left": None}


def test_a_revoked_key_keeps_its_usage(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    ApiKey.objects.filter(pk=api_key.pk).revoke("leaked")
    call(key)
    answer = read(alice, api_key).json()
    assert (answer["totals"]["allowed"], answer["totals"]["revoked"]) == (1, 1)


def test_a_table_of_one_key(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    call(issue("scans_read")[1])
    answer = read(alice, api_key, "?format=csv")
    text = answer.content.decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["credential"] for line in lines] == [api_key.public_id]


def test_a_stranger_finds_no_such_key(carol, issue, refused):
    api_key = issue("scans_read")[0]
    refused(read(carol, api_key), 404, "not_found")
    every = carol.organization.product.scopes
    refused(read(issue(*every, owner=carol)[1], api_key), 404, "not_found")


def test_a_colleague_without_the_right_is_refused(bob, issue, alice, refused):
    refused(read(bob, issue("scans_read")[0]), 403, "insufficient_scope")
    refused(read(bob, issue("scans_read", owner=alice)[0]), 403, "insufficient_scope")


def test_ones_own_key_may_be_looked_at(bob, issue, call):
    api_key, key = issue("scans_read", owner=bob)
    call(key)
    assert read(bob, api_key).json()["totals"]["requests"] == 1


def test_a_key_needs_the_right_to_manage_keys(issue, refused):
    api_key, key = issue("scans_read", "billing")
    refused(read(key, api_key), 403, "insufficient_scope")
    assert read(issue("api_keys_manage")[1], api_key).status_code == 200


def test_a_sandbox_key_sees_no_live_key(issue, refused):
    live, test = issue("scans_read"), issue("api_keys_manage", environment="test")
    refused(read(test[1], live[0]), 403, "environment_mismatch")
    answer = read(test[1], test[0])
    assert answer.json()["environment"] == "test"
    assert answer.json()["totals"]["requests"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?from=1", "from"),
        ("?to=1", "to"),
        ("?format=xml", "format"),
        ("?environment=live", "environment"),
    ],
)
def test_a_wrong_wish_is_refused_by_its_field(alice, issue, refused, query, field):
    body = refused(read(alice, issue()[0], query), 400, "invalid_request")
    assert [fault["field"] for fault in body["errors"]] == [field]


def test_days_outside_the_range_do_not_count(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    usage.recorder.flush()
    [row] = Usage.objects.filter(credential=api_key.public_id)
    before = row.day - timedelta(days=3)
    Usage.objects.filter(pk=row.pk).update(day=before)
    last = row.day - timedelta(days=2)
    read_until = read(alice, api_key, f"?from={last}").json()
    assert read_until["totals"]["requests"] == 0
    read_from = read(alice, api_key, f"?from={before}&to={before}").json()
    assert read_from["totals"]["requests"] == 1
