"""A long list is read page by page, newest first, each page from a cursor."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import ids
from accounts.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def organizations():
    """Seven of them, the newest first, by their public ids."""
    made = [
        Organization.objects.create(
            name=str(number), product_slug="netrecon", plan_slug="starter"
        )
        for number in range(7)
    ]
    return [organization.public_id for organization in reversed(made)]


@pytest.fixture
def read(frame):
    """Read a page of the list."""

    def make(**query):
        return frame.get("/api/organizations", query)

    return make


def ids_of(answer):
    return [entry["id"] for entry in answer.json()["data"]]


def test_pages_hold_everything_once_newest_first(read, organizations):
    found, cursor = [], {}
    for _ in range(3):
        page = read(limit=3, **cursor)
        found += ids_of(page)
        cursor = {"cursor": page.json()["next_cursor"]}
    assert found == organizations
    assert cursor == {"cursor": None}


def test_a_new_object_moves_nothing_to_another_page(read, organizations):
    first = read(limit=3).json()
    Organization.objects.create(name="n", product_slug="netrecon", plan_slug="starter")
    assert ids_of(read(limit=3, cursor=first["next_cursor"])) == organizations[3:6]


def test_a_deleted_object_is_still_a_place_in_the_list(read, organizations):
    cursor = read(limit=3).json()["next_cursor"]
    uuid = ids.decode("org", cursor)
    Organization.objects.filter(pk=uuid).delete()
    assert ids_of(read(cursor=cursor)) == organizations[3:]


def test_without_a_limit_25_are_answered_and_a_page_costs_one_query(read):
    for _ in range(27):
        Organization.objects.create(
            name="n", product_slug="netrecon", plan_slug="starter"
        )
    with CaptureQueriesContext(connection) as queries:
        assert len(ids_of(read())) == 25
    assert len(queries) == 1
    assert len(ids_of(read(limit=100))) == 27


@pytest.mark.parametrize(
    "limit",
    ["0", "101", "-1", "1.0", "1e1", "", "x", "٣", "0x5", "010", " 5", "9" * 99],
)
def test_a_limit_is_a_whole_number_from_1_to_100(read, limit):
    answer = read(limit=limit)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "limit", "detail": "Use a whole number from 1 to 100."}
    ]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "org_", "usr_01h455vb4pex5vsknk084sn02q", "org_" + "z" * 26, "%00"],
)
def test_a_cursor_is_what_the_page_before_gave(read, cursor):
    answer = read(cursor=cursor)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"


def test_a_parameter_that_is_sent_twice_is_refused(read):
    assert read(limit=["1", "2"]).json()["errors"][0]["field"] == "limit"
