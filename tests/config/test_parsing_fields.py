"""Fields take a value as it is or refuse it; nothing is turned into something else."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.fields import TimestampField
from tests.config.frame import ThingRequest


@pytest.fixture
def send(frame):
    """Send these members; the answer is what the serializer made of them."""

    def make(**members):
        return frame.post(
            "/api/things", json.dumps(members), content_type="application/json"
        )

    return make


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7),
        ("name", True),
        ("name", 1.5),
        ("name", ["a"]),
        ("name", {"a": 1}),
        ("name", None),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 21),
        ("name", "line\nbreak"),
        ("name", "tab\t"),
        ("name", "\x7f"),
        ("name", "\x9b31m"),
        ("name", "a\u2028b"),
        ("name", "\u202egnp.exe"),
        ("note", "x" * 256),
        ("secret", ""),
        ("secret", 123456),
        ("secret", "x" * 4097),
        ("enabled", "true"),
        ("enabled", "on"),
        ("enabled", 1),
        ("enabled", 0),
        ("enabled", None),
        ("count", "7"),
        ("count", True),
        ("count", 7.0),
        ("count", 1.5),
        ("count", 2**53),
        ("count", -(2**53)),
        ("kind", "Web"),
        ("kind", 0),
        ("kind", ["web"]),
        ("at", 1_900_000_000),
        ("at", "2030-01-31"),
        ("at", "2030-01-31T12:00:00"),
        ("at", "2030-01-31 12:00:00Z"),
        ("at", "2030-02-30T12:00:00Z"),
        ("at", "2030-01-31T12:00:00+25:00"),
        ("at", "2030-01-31T12:00:61Z"),
        ("at", "٢٠٣٠-01-31T12:00:00Z"),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("at", "9999-12-31T23:59:59-14:00"),
        ("limits", []),
        ("limits", "burst"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(send, field, value):
    answer = send(**{field: value})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " CI Pipeline "),
        ("name", "Zażółć 👩‍🚀 日本"),
        ("name", "x" * 20),
        ("note", "two\nlines"),
        ("secret", " \t "),
        ("enabled", True),
        ("enabled", False),
        ("count", 0),
        ("count", 2**53 - 1),
        ("kind", "spa"),
        ("at", None),
        ("limits", {"burst": 1}),
    ],
)
def test_a_right_value_arrives_as_it_was_sent(send, field, value):
    answer = send(**{field: value})
    assert answer.status_code == 200
    assert answer.json() == {field: value}


def test_every_wrong_field_is_told_at_once(send):
    answer = send(name=7, count="x", colour="red", limits={"burst": 0, "rate": 1})
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"name", "count", "colour", "limits.burst", "limits.rate"}


@pytest.mark.parametrize(
    "member", ["colour", "Name", "id", "owner", "non_field_errors"]
)
def test_a_member_that_cannot_be_set_is_refused_by_name(send, member):
    answer = send(**{member: "x"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == (
        "This field cannot be set here. Leave it out."
    )


def test_a_wrong_value_is_never_repeated(send):
    answer = send(kind="hunter2", name=["hunter2"], count="hunter2", at="hunter2")
    assert answer.status_code == 400
    assert "hunter2" not in answer.content.decode()


def test_a_time_is_read_with_its_offset():
    read = TimestampField().to_internal_value
    noon = datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert read("2030-01-31T14:00:00+02:00") == noon
    assert read("2030-01-31t12:00:00z") == noon
    assert read("2030-01-31T12:00:00.123456789Z").microsecond == 123456


@given(
    st.datetimes(datetime(1000, 1, 2), datetime(9000, 1, 1)),
    st.integers(-23 * 60, 23 * 60),
)
def test_a_time_is_answered_in_utc_with_milliseconds(moment, minutes):
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = TimestampField().to_representation(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    read = TimestampField().to_internal_value(text)
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


@given(st.text(), st.sampled_from(["name", "note", "secret", "kind", "at"]))
def test_any_text_is_taken_unchanged_or_refused(text, field):
    checked = ThingRequest(data={field: text})
    if checked.is_valid() and field != "at":
        assert checked.validated_data[field] == text
