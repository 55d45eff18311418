"""GET /api/v1/usage: the sums of an organization, for its members and its keys."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import Organization
from accounts.roles import Role
from apikeys.models import ApiKey, ApiKeySecret
from ratelimits import usage
from ratelimits.counted import COUNTS, MOST_NAMES, REST
from ratelimits.models import Usage
from tests.cast import person, send

USAGE = "/api/v1/usage"
SCANS = "/api/v1/scans"


def read(who, query=""):
    """The answer to a person, or to the text of a key, after all was written."""
    usage.recorder.flush()
    if isinstance(who, str):
        return send("GET", USAGE + query, X_API_KEY=who)
    return who.call("GET", USAGE + query)


def told(who, query=""):
    answer = read(who, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(answer):
    return [each["id"] for each in answer["credentials"]]


def row(organization, day, credential="", **fields):
    """A row as a flush would have written it."""
    kind = "session" if credential else "organization"
    whole = organization.public_id
    fields = {"environment": "live", "kind": kind, **fields}
    return Usage.objects.create(
        credential=credential or whole, organization=whole, day=day, **fields
    )


def test_it_sums_up_an_organization(alice, issue, call):
    api_key, key = issue("scans_read")
    for path in (SCANS, SCANS, f"{SCANS}/scan_1"):
        call(key, "GET", path)
    call(key, "POST", SCANS, {"scope": "x"})
    answer = told(alice)
    today = timezone.now().date()
    counts = dict.fromkeys(COUNTS, 0)
    counts |= {"requests": 4, "charged": 4, "allowed": 3, "insufficient_scope": 1}
    assert answer["organization"] == alice.organization.public_id
    assert answer["plan"] == "enterprise"
    assert answer["limits"] == {"per_minute": 2000, "burst": 500, "daily": None}
    assert (answer["from"], answer["to"]) == (str(today - timedelta(29)), str(today))
    assert answer["totals"] == counts
    assert answer["days"][0] == {"day": str(today), **counts}
    assert answer["top_endpoints"] == [
        {"endpoint": "GET /api/v1/scans", "requests": 2},
        {"endpoint": "GET /api/v1/scans/{scan_id}", "requests": 1},
        {"endpoint": "POST /api/v1/scans", "requests": 1},
    ]
    assert answer["statuses"] == {"200": 2, "403": 1, "404": 1}
    assert answer["distinct_addresses"] == 1
    assert answer["distinct_addresses_at_least"] is False
    [first] = answer["credentials"]
    assert first == {
        "id": api_key.public_id,
        "kind": "api_key",
        "name": "CI",
        "environment": "live",
        "limits": answer["limits"],
        "today": {"used": 4, "left": None},
        **counts,
    }


def test_every_day_of_the_range_is_there_the_newest_first(alice):
    row(alice.organization, date(2026, 2, 27), requests=5)
    answer = told(alice, "?from=2026-02-26&to=2026-03-01")
    assert [(each["day"], each["requests"]) for each in answer["days"]] == [
        ("2026-03-01", 0),
        ("2026-02-28", 0),
        ("2026-02-27", 5),
        ("2026-02-26", 0),
    ]


def test_both_ends_of_the_range_count_and_no_day_beyond_them(alice):
    for day in range(1, 6):
        for credential in ("", "ses_1"):
            row(alice.organization, date(2026, 2, day), credential, requests=10**day)
    answer = told(alice, "?from=2026-02-02&to=2026-02-04")
    assert answer["totals"]["requests"] == 11_100
    assert answer["credentials"][0]["requests"] == 11_100


def test_used_and_left_are_true_at_once(nadia, call, monkeypatch):
    nadia.sign_in()
    for _ in range(3):
        nadia.call("GET", SCANS)
    # Nothing new is written: only the limiter knows of the last request.
    monkeypatch.setattr(usage, "MOST_ASKED", 0)
    usage.recorder.flush()
    nadia.call("GET", SCANS)
    [session] = nadia.call("GET", USAGE).json()["credentials"]
    assert session["requests"] == 3
    assert session["today"] == {"used": 5, "left": 10_000 - 5}
    assert session["name"] == "Sign-in"


def test_looking_charges_no_key(alice, issue, call):
    key = issue("scans_read")[1]
    call(key)
    for _ in range(3):
        [first] = [each for each in told(alice)["credentials"] if each["name"] == "CI"]
    assert first["today"]["used"] == 1


def test_limits_are_the_ones_that_hold(alice, issue, call):
    held, free = issue("scans_read", limits={"daily": 7}), issue("scans_read")
    for key in (held[1], free[1]):
        call(key)
    Organization.objects.update(per_minute=50)
    answer = told(alice)
    by_id = {each["id"]: each for each in answer["credentials"]}
    assert answer["limits"]["per_minute"] == 50
    of_held = by_id[held[0].public_id]
    assert of_held["limits"] == {"per_minute": 50, "burst": 500, "daily": 7}
    assert of_held["today"] == {"used": 1, "left": 6}
    assert by_id[free[0].public_id]["limits"]["daily"] is None


def test_the_busiest_stand_first_and_there_are_a_hundred(alice):
    today = timezone.now().date()
    for number in range(105):
        row(alice.organization, today, f"ses_{number}", requests=number)
    found = told(alice)["credentials"]
    assert [each["requests"] for each in found] == list(range(104, 4, -1))


def test_a_credential_whose_row_is_gone_has_no_name(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    usage.recorder.flush()
    ApiKeySecret.objects.all().delete()
    ApiKey.objects.all().delete()
    [gone] = told(alice)["credentials"]
    assert (gone["id"], gone["name"]) == (api_key.public_id, None)


def test_the_costs_do_not_grow_with_the_credentials(
    alice, issue, call, django_assert_max_num_queries
):
    for number in range(20):
        call(issue("scans_read", name=f"{number}")[1])
        alice.sign_in()
        alice.call("GET", SCANS)
    usage.recorder.flush()
    with django_assert_max_num_queries(8):
        alice.call("GET", USAGE)


def test_addresses_beyond_what_a_row_keeps_are_a_lower_bound(alice):
    names = {f"192.0.2.{number}": 1 for number in range(5)}
    today = timezone.now().date()
    for back, rest in ((0, {}), (1, {REST: 7})):
        day = today - timedelta(back)
        row(alice.organization, day, details={"addresses": {**names, **rest}})
    whole = told(alice)
    assert whole["distinct_addresses"] == 5
    assert whole["distinct_addresses_at_least"] is True
    assert told(alice, f"?from={today}")["distinct_addresses_at_least"] is False


def test_more_names_than_a_day_keeps_come_together_over_the_days(alice):
    today, most = timezone.now().date(), MOST_NAMES["addresses"]
    for back in range(3):
        names = {f"10.0.{back}.{number}": 1 for number in range(most)}
        row(alice.organization, today - timedelta(back), details={"addresses": names})
    assert told(alice)["distinct_addresses"] == 3 * most


# Who may see what


def test_a_key_needs_the_scope_that_the_product_asks(issue, call):
    answer = read(issue("scans_read", "api_keys_manage")[1])
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.json()["missing"] == ["billing"]
    assert read(issue("billing")[1]).status_code == 200


def test_a_stranger_sees_nothing_of_it(alice, carol, issue, call):
    call(issue("scans_read")[1])
    carol.sign_in()
    answer = told(carol)
    assert answer["totals"]["requests"] == 0
    assert answer["credentials"] == []
    assert alice.organization.public_id not in str(answer)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_without_the_right_one_sees_the_sums_and_ones_own(alice, issue, call, role):
    vera = person("vera@acme.test", alice.organization, role)
    own_key = issue("scans_read", owner=vera)
    for key in (
        own_key[1],
        issue("scans_read")[1],
        issue("scans_read", owner=alice)[1],
    ):
        call(key)
    for who in (alice, vera):
        who.call("GET", SCANS)
    answer = told(vera)
    assert answer["totals"]["requests"] == 5
    assert set(ids(answer)) == {own_key[0].public_id, vera_session(vera)}
    assert len(ids(told(alice))) == 5


def vera_session(vera):
    return vera.membership.sessions.get().public_id


def test_an_admin_sees_every_credential(alice, issue, call):
    adam = person("adam@acme.test", alice.organization, Role.ADMIN)
    api_key, key = issue("scans_read")
    call(key)
    assert api_key.public_id in ids(told(adam))


def test_a_sandbox_key_sees_the_sandbox_only(alice, issue, call):
    live, test = issue("billing"), issue("billing", environment="test")
    for key in (live[1], live[1], test[1]):
        call(key)
    answer = told(test[1])
    assert answer["totals"]["requests"] == 1
    assert ids(answer) == [test[0].public_id]
    refused = read(test[1], "?environment=live")
    assert refused.json()["code"] == "environment_mismatch"


def test_a_live_credential_sees_both_and_may_ask_for_one(alice, issue, call):
    live, test = issue("scans_read"), issue("scans_read", environment="test")
    for key in (live[1], test[1], test[1]):
        call(key)
    by_id = {each["id"]: each["environment"] for each in told(alice)["credentials"]}
    assert by_id[live[0].public_id] == "live"
    assert by_id[test[0].public_id] == "test"
    only = told(alice, "?environment=test")
    assert only["totals"]["requests"] == 2
    assert ids(only) == [test[0].public_id]
