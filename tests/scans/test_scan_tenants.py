"""Nobody sees another organization's scans, and a sandbox sees only the sandbox."""

import pytest

from scans.models import Scan, Workspace
from tests.cast import send

SCANS, WORKSPACES = "/api/v1/scans", "/api/v1/workspaces"


@pytest.fixture
def keys(issue, carol):
    """A live, a sandbox and a stranger's key that may do all with scans."""
    scopes = ("scans_read", "scans_write")
    return {
        "live": issue(*scopes)[1],
        "test": issue(*scopes, environment="test")[1],
        "stranger": issue(*scopes, owner=carol)[1],
    }


@pytest.fixture
def scan(keys, call):
    """scan("live") -> one that this key asked for."""

    def make(who):
        return call(keys[who], "POST", SCANS, {"scope": "full"}).json()

    return make


def test_a_stranger_finds_no_scan(scan, keys, call):
    made = scan("live")
    stranger = keys["stranger"]
    assert call(stranger).json()["data"] == []
    for method, path in [("GET", ""), ("HEAD", ""), ("POST", "/stop")]:
        missing = call(stranger, method, f"{SCANS}/{made['id']}{path}")
        assert missing.status_code == 404
    assert Scan.objects.get().status == "queued"


def test_a_stranger_cannot_tell_a_foreign_scan_from_none(scan, keys, call):
    foreign = call(keys["stranger"], "GET", f"{SCANS}/{scan('live')['id']}").json()
    nothing = f"{SCANS}/scan_01h455vb4pex5vsknk084sn02q"
    nobody = call(keys["stranger"], "GET", nothing).json()
    assert foreign | {"request_id": ""} == nobody | {"request_id": ""}


def test_a_stranger_cannot_tell_a_foreign_workspace_from_none(scan, keys, call):
    """Neither one of the same environment nor one of the other."""
    foreign = [scan(who)["workspace_id"] for who in ("live", "test")]
    unknown = "ws_01h455vb4pex5vsknk084sn02q"
    told = set()
    for workspace in (*foreign, unknown):
        started = call(
            keys["stranger"], "POST", SCANS, {"scope": "x", "workspace_id": workspace}
        )
        listed = call(keys["stranger"], "GET", f"{SCANS}?workspace_id={workspace}")
        for refused in (started, listed):
            assert refused.status_code == 400
            told.add(refused.json()["detail"])
    assert len(told) == 1
    assert Scan.objects.count() == 2


@pytest.mark.parametrize(("who", "other"), [("live", "test"), ("test", "live")])
def test_an_environment_sees_only_itself_and_the_mismatch_is_named(
    scan, keys, call, who, other
):
    made = scan(other)
    assert call(keys[who]).json()["data"] == []
    requests = [
        ("GET", f"{SCANS}/{made['id']}", None),
        ("HEAD", f"{SCANS}/{made['id']}", None),
        ("POST", f"{SCANS}/{made['id']}/stop", None),
        ("POST", SCANS, {"scope": "full", "workspace_id": made["workspace_id"]}),
        ("GET", f"{SCANS}?workspace_id={made['workspace_id']}", None),
    ]
    for method, path, body in requests:
        refused = call(keys[who], method, path, body)
        assert refused.status_code == 403
        if method != "HEAD":
            assert refused.json()["code"] == "environment_mismatch"
            words = {"live": "live", "test": "sandbox"}
            assert f"a {words[other]} object" in refused.json()["detail"]
            assert f"credential is {words[who]}" in refused.json()["detail"]
    assert [row.status for row in Scan.objects.all()] == ["queued"]


def test_a_person_works_in_the_live_environment(scan, alice):
    made, hidden = scan("live"), scan("test")
    assert [row["id"] for row in alice.call("GET", SCANS).json()["data"]] == [
        made["id"]
    ]
    refused = alice.call("GET", f"{SCANS}/{hidden['id']}")
    assert refused.json()["code"] == "environment_mismatch"


def test_each_environment_has_a_default_workspace_of_its_own(keys, call):
    for who in ("live", "test", "live", "test"):
        (workspace,) = call(keys[who], "GET", WORKSPACES).json()["data"]
        assert workspace["environment"] == who
        assert workspace["is_default"] is True
    assert Workspace.objects.count() == 2


def test_a_second_workspace_is_listed_and_used(keys, call, alice):
    other = Workspace.objects.create(
        organization=alice.organization, environment="live", name="Branch office"
    )
    listed = call(keys["live"], "GET", WORKSPACES).json()["data"]
    assert [row["is_default"] for row in listed] == [True, False]
    wish = {"scope": "full", "workspace_id": other.public_id}
    made = call(keys["live"], "POST", SCANS, wish).json()
    assert made["workspace_id"] == other.public_id
    assert call(keys["test"], "GET", WORKSPACES).json()["data"][0]["is_default"]


@pytest.mark.slow
def test_of_many_first_requests_one_makes_the_default_workspace(crowd, keys):
    def first():
        return send("GET", WORKSPACES, X_API_KEY=keys["live"]).json()["data"]

    answers = crowd(first, times=32)
    assert [len(found) for found in answers] == [1] * 32
    assert len({found[0]["id"] for found in answers}) == 1
    assert Workspace.objects.count() == 1


@pytest.mark.slow
def test_many_who_stop_a_scan_stop_it_once(crowd, scan, keys, alice):
    path = f"{SCANS}/{scan('live')['id']}/stop"
    answers = crowd(lambda: send("POST", path, X_API_KEY=keys["live"]), times=16)
    assert {answer.status_code for answer in answers} == {200}
    events = alice.call("GET", "/api/v1/audit-events").json()["data"]
    assert [event["action"] for event in events].count("scan.stopped") == 1
