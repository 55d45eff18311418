"""What a script on a page of another site may read, also when nothing is left."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from config import cross_origin
from config.cross_origin import NAMES
from ratelimits.limits import Limits

ORIGIN = {"Origin": "https://other.test"}
MOUNTS = ("/oauth", "/api/v1/auth/oauth2")
PROGRAMS = ("token", "revoke", "par", "introspect", "device_authorization", "userinfo")
PAGES = ("authorize", "device", "logout")
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture
def exhausted(db, settings, standing_limits):
    """Nothing is left to this address."""
    settings.ANONYMOUS_LIMITS = Limits(per_minute=1, burst=1, daily=None)
    Client().get("/api/v1/nowhere")


def post(path, **headers):
    client = Client(raise_request_exception=False)
    return client.post(path, headers={**ORIGIN, **headers})


def check_readable(answer):
    assert answer.headers[ALLOWED] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {*NAMES, "WWW-Authenticate", "DPoP-Nonce"} == set(exposed)
    assert len(exposed) == len(set(exposed))


@pytest.mark.sqlite_only
@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("program", [*PROGRAMS, "token/"])
def test_a_page_of_another_site_reads_how_long_to_wait(exhausted, mount, program):
    answer = post(f"{mount}/{program}")
    # Introspection costs nothing.
    assert answer.status_code == (400 if program == "introspect" else 429)
    check_readable(answer)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_reads_what_was_refused_before_any_view(db, program):
    for answer in (
        post(f"/oauth/{program}?access_token=x"),
        post(f"/oauth/{program}", **{"Transfer-Encoding": "chunked"}),
        post(f"/oauth/{program}", Host="evil.test"),
    ):
        assert answer.status_code in (400, 411)
        check_readable(answer)


def test_it_reads_that_the_database_is_away(db):
    def away(*_):
        raise OperationalError

    with connection.execute_wrapper(away):
        answer = post("/oauth/userinfo", Authorization="Bearer nr_live_x")
        check_readable(answer)
        answer = post("/oauth/token")
    check_readable(answer)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "path", [*(f"/oauth/{page}" for page in PAGES), "/api/v1/scans", "/oauth/nowhere"]
)
def test_nothing_else_is_open_to_it(exhausted, path):
    for answer in (Client().get(path, headers=ORIGIN), post(path)):
        assert answer.status_code == 429
        assert ALLOWED not in answer.headers
        # For a page of this site behind another name, the names are told everywhere.
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert exposed.split(", ") == list(NAMES)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("program", PROGRAMS)
def test_asking_ahead_costs_nothing(exhausted, program):
    asked = {**ORIGIN, "Access-Control-Request-Method": "POST"}
    for _ in range(3):
        answer = Client().options(f"/oauth/{program}", headers=asked)
        assert answer.status_code == 204
        check_readable(answer)


@pytest.mark.parametrize(
    ("already", "expected"),
    [
        ("", list(NAMES)),
        ("Link", ["Link", *NAMES]),
        ("x-ratelimit-limit, Link", ["x-ratelimit-limit", "Link", *NAMES[1:]]),
        (", ".join(NAMES), list(NAMES)),
    ],
)
def test_names_that_are_exposed_already_stand_once(already, expected):
    assert cross_origin._with_ours(already).split(", ") == expected
