"""Rows that nobody can use any more go, by the slice, and no others."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import (
    IdempotentAnswer,
    Invitation,
    OutboxMessage,
    PasswordReset,
    SeenOnce,
    Session,
)
from config import pruning
from ratelimits.models import Usage

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


def seen_once(**times):
    return SeenOnce.objects.create(digest=os.urandom(32), **times)


def password_reset(**times):
    return PasswordReset.objects.create(digest=os.urandom(32), **times)


def message(**times):
    times.setdefault("next_attempt_at", timezone.now())
    return OutboxMessage.objects.create(kind="x", sealed_payload=b"", **times)


@pytest.fixture
def session(alice):
    """session(ended_at=…) -> a row; it expires in the far future unless told."""

    def make(**times):
        times.setdefault("expires_at", timezone.now() + 90 * DAY)
        return Session.objects.create(membership=alice.membership, **times)

    return make


@pytest.fixture
def invitation(bob):
    def make(**times):
        digests = {"shown_digest": os.urandom(32), "mailed_digest": os.urandom(32)}
        return Invitation.objects.create(membership=bob.membership, **digests, **times)

    return make


def left(*rows):
    """Which of these rows are still there."""
    return [type(row).objects.filter(pk=row.pk).exists() for row in rows]


# Which rows go


def test_what_works_once_goes_when_it_has_expired():
    now = timezone.now()
    rows = seen_once(expires_at=now - MINUTE), seen_once(expires_at=now + MINUTE)
    assert pruning.slice()["seen_once"] == 1
    assert left(*rows) == [False, True]


def test_a_password_reset_goes_a_day_after_its_end():
    edge = timezone.now() - DAY
    rows = [password_reset(expires_at=edge + offset) for offset in (-MINUTE, MINUTE)]
    assert pruning.slice()["password_resets"] == 1
    assert left(*rows) == [False, True]


def test_an_idempotency_key_is_forgotten_after_thirty_days():
    edge = timezone.now() - 30 * DAY
    rows = [
        IdempotentAnswer.objects.create(
            digest=os.urandom(32), fingerprint=b"", created_at=edge + offset
        )
        for offset in (-MINUTE, MINUTE)
    ]
    assert pruning.slice()["idempotent_answers"] == 1
    assert left(*rows) == [False, True]


def test_a_session_goes_thirty_days_after_its_end(session):
    edge = timezone.now() - 30 * DAY
    rows = [
        session(ended_at=edge - MINUTE),
        session(expires_at=edge - MINUTE),
        session(ended_at=edge + MINUTE),
        session(expires_at=edge + MINUTE),
        session(),
    ]
    assert pruning.slice()["sessions"] == 2
    assert left(*rows) == [False, False, True, True, True]


def test_an_invitation_goes_thirty_days_after_its_end_unless_accepted(invitation):
    edge = timezone.now() - 30 * DAY
    rows = [
        invitation(expires_at=edge - MINUTE),
        invitation(expires_at=edge + MINUTE),
        invitation(expires_at=edge - MINUTE, accepted_at=edge - DAY),
    ]
    assert pruning.slice()["invitations"] == 1
    assert left(*rows) == [False, True, True]


def test_a_message_goes_a_week_after_its_delivery_and_a_month_after_its_failure():
    now = timezone.now()
    rows = [
        message(delivered_at=now - 7 * DAY - MINUTE),
        message(delivered_at=now - 7 * DAY + MINUTE),
        message(failed_at=now - 30 * DAY - MINUTE),
        message(failed_at=now - 30 * DAY + MINUTE),
        message(next_attempt_at=now - 90 * DAY),
    ]
    counts = pruning.slice()
    assert (counts["delivered_messages"], counts["failed_messages"]) == (1, 1)
    assert left(*rows) == [False, True, False, True, True]


def test_usage_goes_after_four_hundred_days():
    today = timezone.now().date()
    rows = [
        Usage.objects.create(credential="key_1", day=today - age * DAY)
        for age in (401, 400, 0)
    ]
    assert pruning.slice()["usage"] == 1
    assert left(*rows) == [False, True, True]


def test_somebody_who_is_signed_in_stays_so(alice):
    alice.sign_in()
    pruning.slice()
    assert alice.call("GET", "/api/v1/auth/whoami").status_code == 200


def test_what_refers_to_a_pruned_row_goes_before_it_or_can_do_without_it():
    """A raw deletion follows no foreign key."""
    tables = [over.rows.model for over in pruning.PRUNED]
    for place, table in enumerate(tables):
        for relation in pruning.relations(table):
            loose = relation.on_delete is models.SET_NULL
            assert loose or relation.related_model in tables[:place], relation


# How they go


@pytest.fixture
def many():
    """Twenty-five rows that are over, the oldest last."""
    now = timezone.now()
    for age in range(1, 26):
        seen_once(expires_at=now - age * DAY)


def test_a_slice_takes_the_oldest_and_no_more_than_asked_for(many):
    assert pruning.slice(most=10)["seen_once"] == 10
    assert SeenOnce.objects.count() == 15
    assert not SeenOnce.objects.filter(
        expires_at__lt=timezone.now() - 15.5 * DAY
    ).exists()


def test_a_slice_loads_no_row_and_deletes_by_one_statement(many):
    with CaptureQueriesContext(connection) as captured:
        pruning.slice()
    statements = [query["sql"] for query in captured.captured_queries]
    about = [sql for sql in statements if "accounts_seenonce" in sql]
    assert [sql.split()[0] for sql in about] == ["SELECT", "DELETE"]
    assert "digest" not in about[0]


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(pruning, "LARGE_SLICE", 10)


def test_pruning_goes_on_until_nothing_is_left(many, small_slices):
    slices = [count for name, count in pruning.prune() if name == "seen_once"]
    assert slices == [10, 10, 5]
    assert not SeenOnce.objects.exists()


def test_rows_of_the_very_same_moment_go_by_the_slice_too(small_slices):
    """As those that one change has ended."""
    at = timezone.now() - DAY
    SeenOnce.objects.bulk_create(
        SeenOnce(digest=os.urandom(32), expires_at=at - DAY * (number < 3))
        for number in range(25)
    )
    slices = [count for name, count in pruning.prune() if name == "seen_once"]
    assert sum(slices) == 25
    assert max(slices) == 10


@pytest.mark.django_db(transaction=True)
def test_each_slice_is_kept_whatever_happens_after_it(many, small_slices):
    slices = pruning.prune()
    next(slices)
    slices.close()
    assert SeenOnce.objects.count() == 15


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_two_that_prune_at_once_share_the_work(many, monkeypatch):
    monkeypatch.setattr(pruning, "LARGE_SLICE", 2)

    def prune(_number):
        try:
            return sum(count for _name, count in pruning.prune())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(prune, range(4))) == 25
    assert not SeenOnce.objects.exists()


# The command


def prune(*words):
    output = StringIO()
    call_command("prune", *words, stdout=output)
    return output.getvalue()


def test_the_command_deletes_everything_and_says_what(many):
    assert "25  seen_once deleted" in prune()
    assert not SeenOnce.objects.exists()


def test_a_dry_run_counts_and_deletes_nothing(many):
    assert "25  seen_once would be deleted" in prune("--dry-run")
    assert SeenOnce.objects.count() == 25


def test_scripts_get_one_json_object(many):
    for words, is_dry in (["--dry-run"], True), ([], False):
        told = json.loads(prune("--json", *words))
        assert told["dry_run"] is is_dry
        assert told["rows"]["seen_once"] == 25
        assert set(told["rows"]) == {over.name for over in pruning.PRUNED}


class Interrupted(pruning.Over):
    """Somebody presses Ctrl-C after its first slice."""

    def delete(self, now, most):
        yield next(super().delete(now, most))
        raise KeyboardInterrupt


def test_somebody_who_interrupts_learns_what_was_done(many, small_slices, monkeypatch):
    first, *rest = pruning.PRUNED
    interrupted = Interrupted(first.name, first.rows, first.by, first.kept)
    monkeypatch.setattr(pruning, "PRUNED", [interrupted, *rest])
    output = StringIO()
    with pytest.raises(KeyboardInterrupt):
        call_command("prune", stdout=output)
    assert "10  seen_once deleted" in output.getvalue()
    assert SeenOnce.objects.count() == 15
