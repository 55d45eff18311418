"""The reference resource of both guides: list scans, ask for one, read it, stop it."""

import re
from datetime import UTC, datetime

import pytest
import time_machine

from accounts.models import AuditEvent
from scans.models import Scan
from tests.cast import send

SCANS = "/api/v1/scans"


@pytest.fixture
def key(issue):
    return issue("scans_read", "scans_write")[1]


@pytest.fixture
def start(key, call):
    """start(scope="full") -> the new scan."""

    def ask(**wish):
        answer = call(key, "POST", SCANS, {"scope": "full", **wish})
        assert answer.status_code == 201, answer.content
        return answer.json()

    return ask


def test_a_scan_is_asked_for_as_both_guides_show_it(issue, nadia, call):
    netrecon, netallion = ("scans_read", "scans_write"), ("scan:read", "scan:write")
    for owner, granted in ((None, netrecon), (nadia, netallion)):
        key = issue(*granted, owner=owner)[1]
        workspace = call(key, "GET", "/api/v1/workspaces").json()["data"][0]["id"]
        wish = {"workspace_id": workspace, "scope": "full"}
        answer = send("POST", SCANS, wish, AUTHORIZATION=f"Bearer {key}")
        assert answer.status_code == 201
        scan = answer.json()
        assert list(scan) == ["id", "workspace_id", "scope", "status", "created_at"]
        assert re.fullmatch(r"scan_[0-7][0-9a-hjkmnp-tv-z]{25}", scan["id"])
        assert scan["workspace_id"] == workspace
        assert (scan["scope"], scan["status"]) == ("full", "queued")
        assert call(key).json() == {"data": [scan], "next_cursor": None}


def test_times_are_rfc_3339_in_utc(start):
    with time_machine.travel(datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC), tick=False):
        assert start()["created_at"] == "2040-01-02T03:04:05.000Z"


def test_a_scan_without_a_workspace_is_kept_in_the_default_one(start, key, call):
    scan = start()
    (workspace,) = call(key, "GET", "/api/v1/workspaces").json()["data"]
    assert scan["workspace_id"] == workspace["id"]
    assert (workspace["name"], workspace["is_default"]) == ("Default", True)
    assert workspace["environment"] == "live"


def test_a_scan_can_be_read(start, key, call):
    scan = start()
    assert call(key, "GET", f"{SCANS}/{scan['id']}").json() == scan


def test_a_person_works_with_scans_like_a_key(alice):
    scan = alice.call("POST", SCANS, {"scope": "full"}).json()
    assert alice.call("GET", f"{SCANS}/{scan['id']}").json() == scan
    stopped = alice.call("POST", f"{SCANS}/{scan['id']}/stop")
    assert stopped.json() == {**scan, "status": "stopped"}


def test_a_stopped_scan_stays_as_it_is(start, key, call):
    scan = start()
    for _ in range(2):
        stopped = call(key, "POST", f"{SCANS}/{scan['id']}/stop")
        assert stopped.status_code == 200
        assert stopped.json() == {**scan, "status": "stopped"}
    assert AuditEvent.objects.filter(action="scan.stopped").count() == 1


def test_stopping_one_scan_leaves_the_others(start, key, call):
    first, second = start(), start()
    call(key, "POST", f"{SCANS}/{first['id']}/stop")
    assert call(key, "GET", f"{SCANS}/{second['id']}").json()["status"] == "queued"


def test_reading_needs_the_reading_scope_and_starting_the_writing_one(issue, call):
    reader, writer = issue("scans_read")[1], issue("scans_write")[1]
    scan = call(writer, "POST", SCANS, {"scope": "full"}).json()["id"]
    allowed = {
        ("GET", SCANS): (200, 403),
        ("HEAD", SCANS): (200, 403),
        ("GET", f"{SCANS}/{scan}"): (200, 403),
        ("HEAD", f"{SCANS}/{scan}"): (200, 403),
        ("GET", "/api/v1/workspaces"): (200, 403),
        ("HEAD", "/api/v1/workspaces"): (200, 403),
        ("POST", SCANS): (403, 201),
        ("POST", f"{SCANS}/{scan}/stop"): (403, 200),
    }
    for (method, path), expected in allowed.items():
        body = {"scope": "full"}
        found = [call(key, method, path, body).status_code for key in (reader, writer)]
        assert tuple(found) == expected, (method, path)


def test_without_the_right_nothing_is_started(issue, call):
    assert (
        call(issue("scans_read")[1], "POST", SCANS, {"scope": "x"}).status_code == 403
    )
    assert not Scan.objects.exists()


def test_a_request_is_audited_with_who_asked(start, key, alice):
    scan = start()
    events = AuditEvent.objects.filter(action="scan.requested")
    assert [event.target for event in events] == [scan["id"]]
    assert events.get().organization == alice.organization
    assert events.get().credential.startswith("key_")


def test_what_is_no_wish_is_refused_by_its_field(key, call):
    workspace = call(key, "GET", "/api/v1/workspaces").json()["data"][0]["id"]
    for wish, field in [
        ({}, "scope"),
        ({"scope": ""}, "scope"),
        ({"scope": None}, "scope"),
        ({"scope": ["full"]}, "scope"),
        ({"scope": "x" * 101}, "scope"),
        ({"scope": "a\nb"}, "scope"),
        ({"scope": "full", "workspace_id": None}, "workspace_id"),
        ({"scope": "full", "workspace_id": 7}, "workspace_id"),
        ({"scope": "full", "workspace_id": ""}, "workspace_id"),
        ({"scope": "full", "workspace_id": workspace + " "}, "workspace_id"),
        ({"scope": "full", "workspace_id": workspace.upper()}, "workspace_id"),
        ({"scope": "full", "status": "running"}, "status"),
        ({"scope": "full", "id": "scan_01h455vb4pex5vsknk084sn02q"}, "id"),
        ({"scope": "full", "environment": "test"}, "environment"),
        ({"scope": "full", "organization": "x"}, "organization"),
    ]:
        refused = call(key, "POST", SCANS, wish)
        assert refused.status_code == 400, wish
        assert refused.json()["errors"][0]["field"] == field
    assert not Scan.objects.exists()


def test_an_id_that_is_no_scan_is_not_found(start, key, call):
    scan = start()["id"]
    for wrong in (scan.upper(), scan[:-1], scan[5:], scan.replace("scan_", "ws_"), "1"):
        assert call(key, "GET", f"{SCANS}/{wrong}").status_code == 404
        assert call(key, "POST", f"{SCANS}/{wrong}/stop").status_code == 404
