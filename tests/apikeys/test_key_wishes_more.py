"""What else a wish for a key may say: addresses, metadata and tags."""

import pytest

from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"


@pytest.fixture
def change(alice):
    """change(api_key, tags=["ci"]) -> the answer to alice, or to `by`."""

    def patch(api_key, by=None, **changes):
        return through(by or alice, "PATCH", f"{KEYS}/{api_key.public_id}", changes)

    return patch


def test_all_of_it_is_kept_and_told(ask, alice):
    wish = {
        "allowed_ips": ["127.0.0.0/8", "2001:db8::/32", "198.51.100.7"],
        "ip_mode": "report",
        "metadata": {"team": "Größe", "shard": 4.5, "on": True, "gone": None},
        "tags": ["ci", "night build"],
    }
    made = ask(**wish)
    assert made.status_code == 201
    path = f"{KEYS}/{made.json()['id']}"
    for body in (made.json(), alice.call("GET", path).json()):
        assert {name: body[name] for name in wish} == wish
        assert body["contact"] == body["created_by"] == alice.user.public_id
        assert body["orphaned"] is False
        assert body["revoked_at"] is body["revoked_reason"] is None


def test_a_revocation_is_told_with_its_reason_and_the_last_moment_to_undo_it(
    issue, alice
):
    api_key = issue("scans_read")[0]
    alice.call("DELETE", f"{KEYS}/{api_key.public_id}?reason=unused")
    body = alice.call("GET", f"{KEYS}/{api_key.public_id}").json()
    assert body["revoked_reason"] == "unused"
    assert body["revoked_at"] < body["restorable_until"]


def test_without_a_word_about_it_everything_is_allowed_and_empty(ask):
    body = ask().json()
    assert (body["allowed_ips"], body["ip_mode"]) == ([], "enforce")
    assert (body["metadata"], body["tags"]) == ({}, [])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7/32", "198.51.100.7/32"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("2001:0db8::/32", "2001:db8::/32"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.0/120", "198.51.100.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_an_address_is_kept_in_its_one_spelling(ask, sent, kept):
    assert ask(allowed_ips=[sent]).json()["allowed_ips"] == [kept]


@pytest.mark.parametrize(
    ("sent", "right"),
    [
        ("198.51.100.7/24", "198.51.100.0/24"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::ffff:198.51.100.7/120", "198.51.100.0/24"),
    ],
)
def test_a_network_with_host_bits_is_refused_with_the_right_form(ask, sent, right):
    error = ask(allowed_ips=[sent]).json()["errors"][0]
    assert error["field"].startswith("allowed_ips")
    assert right in error["detail"]


@pytest.mark.parametrize(
    "listed",
    [
        *(["10.0.0.0/33"], ["10.0.0.256"], ["010.0.0.1"], ["10.0.0.0/255.0.0.0"]),
        *([""], ["localhost"], ["fe80::1%eth0"], [" 10.0.0.1"], ["10.0.0.1/"]),
        *([1], [None], "10.0.0.1", {"a": 1}, None, ["10.0.0.1/٨"]),
        ["10.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "10.0.0.1/32"],
        ["10.0.0.1", "::ffff:10.0.0.1"],
        [f"10.0.0.{number}" for number in range(101)],
    ],
)
def test_what_is_no_list_of_addresses_is_refused(ask, issue, change, listed):
    api_key = issue("scans_read")[0]
    for refused in (ask(allowed_ips=listed), change(api_key, allowed_ips=listed)):
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"].startswith("allowed_ips")


@pytest.mark.parametrize(
    "metadata",
    [
        *(None, [], "x", 5, {"a": {}}, {"a": []}, {"a": [1]}, {"": "x"}),
        *({"x" * 65: 1}, {" ": 1}, {"a\nb": 1}, {"a": "x" * 4096}),
        {str(number): 1 for number in range(51)},
        {"a": "ß" * 2050},
    ],
)
def test_what_is_no_metadata_is_refused(ask, metadata):
    refused = ask(metadata=metadata)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"].startswith("metadata")


def test_the_most_metadata_there_may_be(ask):
    for metadata in (
        {f"{number:064}": number for number in range(50)},
        {"a": "x" * (4096 - len('{"a":""}'))},
    ):
        made = ask(metadata=metadata)
        assert made.status_code == 201, made.content
        assert made.json()["metadata"] == metadata


@pytest.mark.parametrize(
    "tags",
    [
        *(None, "ci", [1], [""], [" "], ["x" * 41], ["a\nb"], ["ci", "ci"]),
        [str(number) for number in range(21)],
    ],
)
def test_what_are_no_tags_is_refused(ask, tags):
    refused = ask(tags=tags)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"].startswith("tags")


def test_each_changes_as_a_whole_and_is_audited(issue, change, alice):
    api_key = issue("scans_read", tags=("old",), metadata={"a": 1, "b": 2})[0]
    body = change(api_key, tags=["new"], metadata={"b": 3}, allowed_ips=["::1"]).json()
    assert (body["tags"], body["metadata"]) == (["new"], {"b": 3})
    assert body["allowed_ips"] == ["::1"]
    events = alice.call("GET", "/api/v1/audit-events").json()["data"]
    (event,) = [one for one in events if one["action"] == "api_key.changed"]
    assert event["details"]["before"] == {
        "tags": ["old"],
        "metadata": {"a": 1, "b": 2},
        "allowed_ips": [],
    }
    assert change(api_key, tags=[], metadata={}, allowed_ips=[]).status_code == 200


# A key that is bound to addresses, the one of these tests among them.
BOUND = ("127.0.0.0/9", "127.128.0.0/9", "2001:db8::/32")


@pytest.fixture
def bound(issue):
    return issue("api_keys_manage", "scans_read", allowed_ips=BOUND)


@pytest.mark.parametrize(
    "narrower", [["127.0.0.1"], ["127.0.0.0/8"], ["2001:db8:1::/48", "127.0.0.0/24"]]
)
def test_a_bound_key_makes_and_changes_what_is_bound_as_much(
    ask, bound, issue, change, narrower
):
    made = ask(bound[1], allowed_ips=narrower)
    assert made.status_code == 201
    other = issue("scans_read", allowed_ips=("10.0.0.1",))[0]
    assert change(other, by=bound[1], allowed_ips=narrower).status_code == 200


@pytest.mark.parametrize(
    "wider",
    [
        {},
        {"allowed_ips": []},
        {"allowed_ips": ["10.0.0.1"]},
        {"allowed_ips": ["127.0.0.1", "10.0.0.1"]},
        {"allowed_ips": ["126.0.0.0/7"]},
        {"allowed_ips": ["127.0.0.1"], "ip_mode": "report"},
        {"allowed_ips": ["::/0"]},
    ],
)
def test_a_bound_key_makes_nothing_that_comes_from_elsewhere(
    ask, bound, issue, change, refused, wider
):
    refused(ask(bound[1], **wider), 403, "beyond_own_rights")
    other = issue("scans_read")[0]
    refused(change(other, by=bound[1], name="Mine", **wider), 403, "beyond_own_rights")
    if wider:
        itself = change(bound[0], by=bound[1], **wider)
        refused(itself, 403, "beyond_own_rights")


def test_a_key_that_only_reports_is_bound_to_nothing(ask, issue):
    tries = issue("api_keys_manage", "scans_read", allowed_ips=BOUND, ip_mode="report")[
        1
    ]
    assert ask(tries).status_code == 201


def test_a_person_unbinds_a_key(bound, change):
    assert change(bound[0], allowed_ips=[]).json()["allowed_ips"] == []
