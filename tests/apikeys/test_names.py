"""A name belongs to one key of its owner and environment, while that key lasts."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apikeys.models import ApiKey
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def taken(refused):
    """taken(answer, api_key): 409, and it names the key that has the name."""

    def check(answer, api_key):
        told = refused(answer, 409, "conflict")["detail"]
        assert api_key.public_id in told

    return check


def test_a_second_key_of_one_name_is_refused(issue, ask, taken):
    api_key = issue("scans_read", name="Night build")[0]
    taken(ask(name="Night build"), api_key)
    assert ask(name="night build").status_code == 201
    assert ApiKey.objects.count() == 2


def test_each_owner_and_environment_has_its_own_names(issue, ask, alice, bob, carol):
    issue("scans_read", name="CI")
    assert ask(alice, name="CI", owner="me").status_code == 201
    assert ask(bob, name="CI").status_code == 201
    assert ask(alice, name="CI", environment="test").status_code == 201
    assert ask(carol, name="CI").status_code == 201


def test_a_key_that_is_gone_leaves_its_name(issue, ask, alice, taken):
    revoked = issue("scans_read", name="Old")[0]
    ended = issue("scans_read", name="Ended", expires_at=NOON)[0]
    taken(ask(name="Ended"), ended)
    through(alice, "DELETE", f"{KEYS}/{revoked.public_id}")
    assert ask(name="Old").status_code == 201
    with time_machine.travel(NOON, tick=False):
        alice.sign_in()
        assert ask(name="Ended").status_code == 201


def test_a_disabled_key_keeps_its_name(issue, ask, alice, taken):
    api_key = issue("scans_read", name="CI")[0]
    through(alice, "POST", f"{KEYS}/{api_key.public_id}/disable")
    taken(ask(name="CI"), api_key)


def test_a_key_is_not_renamed_to_another_ones_name(issue, alice, taken):
    first, second = issue(name="First")[0], issue(name="Second")[0]
    path = f"{KEYS}/{second.public_id}"
    taken(through(alice, "PATCH", path, {"name": "First"}), first)
    assert through(alice, "PATCH", path, {"name": "Second"}).status_code == 200


def test_an_expired_key_comes_back_under_a_free_name_only(issue, alice, taken):
    ended = issue("scans_read", name="CI", expires_at=NOON)[0]
    path = f"{KEYS}/{ended.public_id}"
    with time_machine.travel(NOON, tick=False):
        alice.sign_in()
        other = issue("scans_read", name="CI")[0]
        taken(through(alice, "PATCH", path, {"expires_at": None}), other)
        later = {"expires_at": None, "name": "CI again"}
        assert through(alice, "PATCH", path, later).status_code == 200


def test_an_expired_key_that_stays_so_is_renamed_freely(issue, alice):
    ended = issue("scans_read", name="CI", expires_at=NOON)[0]
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        alice.sign_in()
        path = f"{KEYS}/{ended.public_id}"
        assert through(alice, "PATCH", path, {"name": "Gone"}).status_code == 200


def test_a_transfer_needs_a_name_that_is_free_there(issue, alice, taken):
    own = issue("scans_read", owner=alice, name="CI")[0]
    of_organization = issue("scans_read", name="CI")[0]
    path = f"{KEYS}/{own.public_id}/transfer"
    taken(through(alice, "POST", path, {}), of_organization)
    own.refresh_from_db()
    assert own.membership == alice.membership


@pytest.mark.slow
def test_of_many_who_want_one_name_one_gets_it(crowd, alice, ask):
    alice.sign_in()
    answers = crowd(lambda: ask(name="CI").status_code, times=16)
    assert sorted(answers) == [201] + [409] * 15
