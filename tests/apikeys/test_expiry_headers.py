"""In its last 30 days a key hears of its end with every answer."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.utils import timezone

from config.sunset import NAMES
from tests.apikeys.conftest import KEYS
from tests.cast import send

DAYS = timedelta(days=1)
WHOAMI = "/api/v1/auth/whoami"


@pytest.fixture
def expiring(issue):
    """expiring(days) -> a key and its text."""

    def make(days, **wish):
        return issue("scans_read", expires_at=timezone.now() + days * DAYS, **wish)

    return make


def told(answer):
    return [name for name in NAMES if name in answer.headers]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/scans", 200),
        ("POST", "/api/v1/scans", 403),
        ("GET", "/api/v1/nowhere", 404),
        ("PUT", "/api/v1/scans", 405),
        ("POST", "/api/v1/api-keys", 400),
    ],
)
def test_every_answer_tells_the_end(expiring, call, method, path, status):
    api_key, key = expiring(6)
    answer = call(key, method, path, {})
    assert answer.status_code == status
    ends = api_key.expires_at
    text = ends.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert answer.headers["X-API-Key-Expires"] == text
    sunset = answer.headers["Sunset"]
    assert sunset.endswith(" GMT")
    assert parsedate_to_datetime(sunset) == ends.replace(microsecond=0)
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert set(NAMES) <= set(exposed)


@pytest.mark.usefixtures("standing_limits")
def test_a_request_too_many_hears_of_it_too(expiring, call):
    key = expiring(6, limits={"per_minute": 1})[1]
    answers = [call(key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert told(answers[1]) == list(NAMES)


def test_it_is_the_time_that_the_key_object_tells(expiring, alice, call):
    api_key, key = expiring(6)
    shown = alice.call("GET", f"{KEYS}/{api_key.public_id}").json()["expires_at"]
    assert call(key).headers["X-API-Key-Expires"] == shown


@pytest.mark.parametrize(("days", "names"), [(29.9, NAMES), (30.1, ())])
def test_it_is_told_for_thirty_days(expiring, call, days, names):
    assert told(call(expiring(days)[1])) == list(names)


def test_a_dead_key_and_a_key_without_end_hear_nothing(expiring, issue, call):
    for key in (expiring(-1)[1], issue("scans_read", name="for ever")[1]):
        assert told(call(key)) == []


def test_people_and_tokens_hear_nothing(alice):
    assert alice.sign_in()["expires_in"] < 30 * 86400
    assert told(alice.call("GET", WHOAMI)) == []
    assert told(send("GET", WHOAMI)) == []
