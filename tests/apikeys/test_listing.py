"""Keys are found by what they are: by name, tag, owner, state, use and end."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apikeys.models import ApiKey
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"


@pytest.fixture
def names(alice):
    """names("?tag=ci") -> the names of what is listed, sorted."""

    def listed(query, who=None):
        answer = through(who or alice, "GET", KEYS + query)
        assert answer.status_code == 200, answer.content
        return sorted(row["name"] for row in answer.json()["data"])

    return listed


@pytest.fixture
def keys(issue, bob):
    """Five keys that differ in everything that filters ask for."""
    soon = datetime.now(UTC) + timedelta(days=5)
    return {
        "Night build": issue(
            "scans_read", name="Night build", tags=("ci", "Größe"), expires_at=soon
        )[0],
        "Deploy": issue(
            "scans_write",
            name="Deploy",
            tags=("cd",),
            metadata={"team": "Übersee", "shard": 42, "on": True, "none": None},
        )[0],
        "Sand": issue("scans_read", name="Sand", environment="test")[0],
        "Bob": issue("scans_read", name="Bob", owner=bob, tags=("ci pipeline",))[0],
        "100% sure_": issue(name="100% sure_")[0],
    }


def set_(api_key, **values):
    ApiKey.objects.filter(pk=api_key.pk).update(**values)


def test_search_looks_into_name_hint_tags_and_values(keys, names):
    hint = keys["Deploy"].hint
    for text, expected in [
        ("night", ["Night build"]),
        ("CI", ["Bob", "Night build"]),
        ("Größe", ["Night build"]),
        ("bersee", ["Deploy"]),
        ("42", ["Deploy"]),
        (hint[-4:], ["Deploy"]),
        ("0% sure_", ["100% sure_"]),
        ("%", ["100% sure_"]),
        ("nothing", []),
    ]:
        found = names(f"?search={text.replace('%', '%25').replace(' ', '+')}")
        assert set(expected) <= set(found), text
        if len(text) > 2:
            assert found == expected, text


def test_search_does_not_look_at_the_names_of_values(keys, names):
    assert names("?search=shard") == []


def test_a_tag_and_a_scope_are_matched_whole(keys, names):
    assert names("?tag=ci") == ["Night build"]
    assert names("?tag=c") == []
    assert names("?tag=Gr%C3%B6%C3%9Fe") == ["Night build"]
    assert names("?scope=scans_write") == ["Deploy"]
    assert names("?scope=billing") == []


def test_owner_and_environment(keys, names, alice, bob, carol):
    assert names("?owner=organization") == [
        "100% sure_",
        "Deploy",
        "Night build",
        "Sand",
    ]
    assert names(f"?owner={bob.user.public_id}") == ["Bob"]
    assert names("?owner=me", bob) == ["Bob"]
    assert names("?owner=me") == []
    assert names(f"?owner={carol.user.public_id}") == names("?owner=nobody") == []
    assert names("?environment=test") == ["Sand"]


def test_owner_me_is_for_people_and_their_keys(keys, issue, bob, names, refused):
    of_organization = issue("api_keys_manage", name="A")[1]
    refused(through(of_organization, "GET", f"{KEYS}?owner=me"), 403, "user_required")


def test_states_are_told_apart_as_the_object_tells_them(keys, names, alice):
    now = timezone.now()
    set_(keys["Deploy"], disabled_at=now, revoked_at=now)
    set_(keys["Sand"], disabled_at=now, expires_at=now)
    set_(keys["Bob"], disabled_at=now)
    expected = {
        "active": ["100% sure_", "Night build"],
        "disabled": ["Bob"],
        "expired": ["Sand"],
        "revoked": ["Deploy"],
    }
    for status, listed in expected.items():
        assert names(f"?status={status}") == listed
        rows = alice.call("GET", f"{KEYS}?status={status}").json()["data"]
        assert {row["status"] for row in rows} == {status}


def test_unused_means_not_used_and_not_made_since(keys, names):
    long_ago, lately = (timezone.now() - timedelta(days=days) for days in (91, 89))
    set_(keys["Deploy"], created_at=long_ago)
    set_(keys["Sand"], created_at=long_ago, last_used_at=long_ago)
    set_(keys["Bob"], created_at=long_ago, last_used_at=lately)
    set_(keys["Night build"], created_at=lately)
    assert names("?unused_days=90") == ["Deploy", "Sand"]


def test_expiring_means_alive_and_ending_soon(keys, names):
    set_(keys["Sand"], expires_at=timezone.now() - timedelta(days=1))
    set_(keys["Bob"], expires_at=timezone.now() + timedelta(days=8))
    assert names("?expiring_days=7") == ["Night build"]
    assert names("?expiring_days=9") == ["Bob", "Night build"]
    set_(keys["Bob"], revoked_at=timezone.now())
    assert names("?expiring_days=9") == ["Night build"]


def test_filters_are_passed_all_together(keys, names):
    assert names("?search=ci&owner=organization&status=active") == ["Night build"]
    assert names("?tag=ci&environment=test") == []


def test_orphans_and_the_others(keys, names, bob):
    set_(keys["Deploy"], contact=bob.membership)
    assert names("?orphaned=true") == []
    bob.membership.is_active = False
    bob.membership.save()
    assert names("?orphaned=true") == ["Deploy"]
    assert names("?orphaned=false") == ["100% sure_", "Bob", "Night build", "Sand"]
    set_(keys["Deploy"], revoked_at=timezone.now())
    assert names("?orphaned=true") == []


def test_filters_show_nobody_more_than_they_may_see(keys, names, bob, carol, issue):
    queries = ("?search=i", "?owner=organization", "?orphaned=false", "?status=active")
    sandbox = issue("api_keys_manage", name="Sandbox", environment="test")[1]
    for query in queries:
        assert names(query, carol) == []
        assert set(names(query, bob)) <= {"Bob"}
        assert set(names(query, sandbox)) <= {"Sand", "Sandbox"}


def test_pages_go_on_within_the_filter(issue, alice, names):
    for number in range(5):
        issue("scans_read", name=f"Build {number}")
        issue("scans_read", name=f"Other {number}")
    first = alice.call("GET", f"{KEYS}?search=build&limit=3").json()
    assert [row["name"] for row in first["data"]] == ["Build 4", "Build 3", "Build 2"]
    rest = names(f"?search=build&limit=3&cursor={first['next_cursor']}")
    assert rest == ["Build 0", "Build 1"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("status=dead", "status"), ("status=", "status"), ("tag=", "tag")),
        *(("environment=prod", "environment"), ("scope=nonsense", "scope")),
        *(("orphaned=1", "orphaned"), ("orphaned=True", "orphaned")),
        *(("unused_days=0", "unused_days"), ("unused_days=-1", "unused_days")),
        *(("unused_days=1.5", "unused_days"), ("expiring_days=x", "expiring_days")),
        *(("expiring_days=3651", "expiring_days"), ("stauts=active", "stauts")),
        *(("search=a&search=b", "search"), ("search=%00", "search")),
        ("search=" + "x" * 101, "search"),
    ],
)
def test_a_wrong_filter_is_named(alice, query, field):
    refused = alice.call("GET", f"{KEYS}?{query}")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == field


def test_a_list_costs_the_same_queries_for_few_and_many(
    issue, alice, bob, django_assert_max_num_queries, django_assert_num_queries
):
    query = f"{KEYS}?search=c&orphaned=false&status=active&limit=100"

    def asked(times):
        for number in range(times):
            owner = bob if number % 2 else None
            api_key = issue("scans_read", owner=owner, tags=("c",))[0]
            set_(api_key, contact=None if owner else bob.membership)
        with django_assert_max_num_queries(50) as counted:
            assert alice.call("GET", query).status_code == 200
        return len(counted)

    alice.call("GET", query)
    assert asked(2) == asked(20)
