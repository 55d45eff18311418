"""Lists of scans: newest first, by pages, by workspace and by status."""

import pytest

from accounts.audit import SYSTEM
from scans.models import Scan, Workspace, start

SCANS = "/api/v1/scans"


@pytest.fixture
def key(issue):
    return issue("scans_read")[1]


@pytest.fixture
def make(alice):
    """make(3) -> so many scans of alice's organization, oldest first."""

    def scans(count=1, *, who=alice, environment="live", name=""):
        workspaces = Workspace.objects
        workspace = workspaces.default_of(who.organization, environment)
        if name:
            workspace = workspaces.create(
                organization=who.organization, environment=environment, name=name
            )
        return [start(workspace, "full", by=SYSTEM) for _ in range(count)]

    return scans


@pytest.fixture
def read(key, call):
    """read("?limit=2") -> the ids on that page."""

    def page(query=""):
        answer = call(key, "GET", SCANS + query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["data"]]

    return page


def ids(scans):
    return [scan.public_id for scan in reversed(scans)]


def test_the_newest_stands_first(make, read):
    made = make(3)
    assert read() == ids(made)


def test_pages_hold_every_scan_once(make, key, call):
    made, found, query = make(5), [], "?limit=2"
    while query:
        page = call(key, "GET", SCANS + query).json()
        found += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    assert found == ids(made)


def test_a_list_is_filtered_by_status(make, read):
    scans = make(3)
    scans[1].stop(by=SYSTEM)
    assert read("?status=stopped") == [scans[1].public_id]
    assert read("?status=queued") == ids([scans[0], scans[2]])


def test_a_list_is_filtered_by_workspace(make, read):
    plain, special = make(2), make(2, name="Branch office")
    assert read(f"?workspace_id={special[0].workspace.public_id}") == ids(special)
    assert read(f"?workspace_id={plain[0].workspace.public_id}") == ids(plain)


def test_filters_and_pages_go_together(make, read):
    scans = make(4)
    scans[3].stop(by=SYSTEM)
    workspace = scans[0].workspace.public_id
    query = f"?status=queued&workspace_id={workspace}&limit=1&cursor="
    assert read(query + scans[2].public_id) == [scans[1].public_id]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("?status=", "status"), ("?status=running", "status")),
        *(("?status=queued&status=stopped", "status"), ("?status=%00", "status")),
        *(("?workspace_id=", "workspace_id"), ("?workspace_id=%00", "workspace_id")),
        ("?workspace_id=ws_01h455vb4pex5vsknk084sn02q", "workspace_id"),
        ("?workspace_id=scan_01h455vb4pex5vsknk084sn02q", "workspace_id"),
        *(("?limit=0", "limit"), ("?limit=-1", "limit"), ("?limit=1e1", "limit")),
        *(("?cursor=", "cursor"), ("?cursor=0", "cursor"), ("?cursor=%00", "cursor")),
        *(("?cursor=%ff", "cursor"), ("?limit=%ff", "limit")),
        ("?cursor=ws_01h455vb4pex5vsknk084sn02q", "cursor"),
        ("?cursor=scan_81h455vb4pex5vsknk084sn02q", "cursor"),
        ("?cursor=scan_01h455vb4pex5vsknk084sn02q%20", "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(key, call, make, query, field):
    make()
    refused = call(key, "GET", SCANS + query)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == field


def test_a_foreign_cursor_shows_nothing_foreign(make, read, carol, issue):
    make(2, who=carol)
    own = make(1)
    later = make(1, who=carol)[0]
    assert read(f"?cursor={later.public_id}") == ids(own)


def test_a_scan_is_read_with_as_many_queries_as_a_hundred(
    make, key, call, django_assert_max_num_queries
):
    make(100)
    with django_assert_max_num_queries(2):
        assert len(call(key, "GET", SCANS + "?limit=100").json()["data"]) == 100


def test_the_default_page_holds_25(make, read):
    make(26)
    assert len(read()) == 25
    assert Scan.objects.count() == 26
