"""The secrets of an application: shown once, kept as digests, two while rotating."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import sealing
from accounts.models import AuditEvent
from oauth import looks
from oauth.models import Application
from tests.oauth.registering import APPLICATIONS, at, invalid, made, refused, rotate

NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def application(alice):
    return made(alice)


def row(application):
    return Application.objects.with_public_id(application["id"]).get()


def opens(application, secret):
    """Whether the secret is one that lives."""
    return row(application).has_secret(sealing.digests(secret), now=timezone.now())


def test_a_secret_is_random_and_long_and_carries_its_checksum(alice):
    secrets = {made(alice)["client_secret"] for _ in range(3)}
    assert len(secrets) == 3
    for secret in secrets:
        assert looks.well_formed(secret, "nr_ocs_")
        assert len(secret) == len("nr_ocs_") + 64 + 8


def test_a_secret_is_in_the_answer_that_made_it_and_nowhere_else(alice, application):
    secret = application["client_secret"]
    assert opens(application, secret)
    for answer in (
        alice.call("GET", at(application)),
        alice.call("GET", APPLICATIONS),
        alice.call("PATCH", at(application), {"name": "x"}),
        alice.call("GET", "/api/v1/audit-events"),
    ):
        assert answer.status_code == 200
        assert secret not in answer.content.decode()
        assert "client_secret" not in str(answer.json()).replace("client_secret_", "")
    stored = Application.objects.filter(pk=row(application).pk).values().get()
    assert secret not in str(stored)
    assert stored["secret_digest"] == sealing.digest(secret)


def test_the_answer_that_shows_a_secret_is_kept_by_nobody(alice, application):
    for answer in (
        alice.call(
            "POST",
            APPLICATIONS,
            {"name": "M", "type": "machine", "scopes": ["scans_read"]},
        ),
        rotate(alice, application),
    ):
        assert "client_secret" in answer.json()
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_rotation_ends_the_old_secret_at_once(alice, application):
    answer = rotate(alice, application)
    assert answer.status_code == 200
    body = answer.json()
    assert body["id"] == application["id"]
    assert not opens(application, application["client_secret"])
    assert opens(application, body["client_secret"])
    hint = body["secrets"][0]["hint"]
    assert body["secrets"] == [{"hint": hint, "retires_at": None}]
    assert hint.endswith(body["client_secret"][-4:])


def test_during_the_grace_both_secrets_live_and_then_only_the_new_one(
    alice, application
):
    with time_machine.travel(NOON, tick=False) as clock:
        alice.sign_in()
        body = rotate(alice, application, grace_seconds=3600).json()
        new, old = body["secrets"]
        assert (new["retires_at"], old["retires_at"]) == (
            None,
            "2040-01-02T13:00:00.000Z",
        )
        assert old["hint"] == application["secrets"][0]["hint"]
        clock.shift(timedelta(seconds=3599))
        assert opens(application, application["client_secret"])
        assert opens(application, body["client_secret"])
        clock.shift(timedelta(seconds=1))
        assert not opens(application, application["client_secret"])
        assert opens(application, body["client_secret"])
        assert len(row(application).secrets) == 1


def test_two_secrets_live_at_most(alice, application):
    first = application["client_secret"]
    second = rotate(alice, application, grace_seconds=3600).json()["client_secret"]
    third = rotate(alice, application, grace_seconds=3600).json()["client_secret"]
    assert not opens(application, first)
    assert opens(application, second)
    assert opens(application, third)
    rotate(alice, application)
    assert not opens(application, second)
    assert not opens(application, third)


def test_the_grace_is_a_whole_number_of_seconds_up_to_30_days(alice, application):
    for wrong in (-1, 2_592_001, 1.5, True, "5", None):
        invalid(rotate(alice, application, grace_seconds=wrong), "grace_seconds")
    for right in (0, 1, 2_592_000):
        assert rotate(alice, application, grace_seconds=right).status_code == 200


@pytest.mark.parametrize("type", ["spa", "native"])
def test_what_has_no_secret_has_none_to_rotate(alice, type):
    application = made(alice, type)
    body = refused(rotate(alice, application), 409, "conflict")
    assert "no secret" in body["detail"]


def test_a_rotation_is_audited_without_the_secret(alice, application):
    secret = rotate(alice, application, grace_seconds=60).json()["client_secret"]
    event = AuditEvent.objects.get(action="application.secret_rotated")
    assert (event.actor, event.target) == (alice.user.public_id, application["id"])
    assert event.details["grace_seconds"] == 60
    assert event.details["hint"].endswith(secret[-4:])
    assert secret not in str(event.details)


def test_of_two_rotations_at_once_the_last_answer_holds_and_two_secrets_live(
    transactional_db, crowd, alice, application
):
    answers = crowd(
        lambda: rotate(alice, application, grace_seconds=60), times=3, threads=3
    )
    assert {answer.status_code for answer in answers} == {200}
    secrets = [answer.json()["client_secret"] for answer in answers]
    assert sum(opens(application, secret) for secret in secrets) == 2
