"""A message goes out after the change that it tells of: at least once, or given up."""

import logging
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import outbox
from accounts.models import OutboxMessage
from accounts.outbox import PAUSES
from tests.accounts import receivers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def taken(settings):
    """The payloads that were delivered."""
    settings.OUTBOX_KINDS = receivers.KINDS
    receivers.taken.clear()
    return receivers.taken


def as_stored(message):
    return OutboxMessage.objects.get(pk=message.pk)


def test_a_message_is_delivered_once_with_its_payload(taken):
    message = outbox.post("take", {"to": "https://app.example", "number": 7})
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    assert taken == [{"to": "https://app.example", "number": 7}]
    stored = as_stored(message)
    assert (stored.attempts, stored.last_error) == (1, "")
    assert stored.delivered_at is not None
    assert stored.failed_at is None


def test_a_message_belongs_to_its_organization(alice):
    outbox.post("take", {}, organization=alice.organization)
    assert OutboxMessage.objects.get().organization == alice.organization


def test_a_message_of_a_change_that_was_undone_is_never_delivered(taken):
    def change():
        with transaction.atomic():
            outbox.post("take", {})
            raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        change()
    assert outbox.deliver_due() == 0
    assert taken == []


def test_a_payload_is_unreadable_at_rest():
    message = outbox.post("take", {"logout_token": "walnut"})
    assert b"walnut" not in bytes(as_stored(message).sealed_payload)


def test_a_payload_moved_to_another_message_is_not_delivered(taken):
    first, second = outbox.post("take", {"number": 1}), outbox.post("take", {})
    rows = OutboxMessage.objects.filter(pk=second.pk)
    rows.update(sealed_payload=first.sealed_payload)
    outbox.deliver_due()
    assert taken == [{"number": 1}]
    assert as_stored(second).failed_at is not None
    assert as_stored(second).last_error == "The payload does not open."


def test_a_kind_that_nobody_delivers_fails_for_good():
    message = outbox.post("unheard_of", {})
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    assert as_stored(message).failed_at is not None
    assert as_stored(message).last_error == "Nobody delivers this kind of message."


def test_a_refused_message_is_tried_again_after_pauses_that_grow(clock):
    message = outbox.post("refuse", {})
    for number, pause in enumerate(PAUSES, 1):
        assert outbox.deliver_due() == 1
        assert as_stored(message).attempts == number
        clock.shift(pause - timedelta(seconds=1))
        assert outbox.deliver_due() == 0
        clock.shift(timedelta(seconds=1))
    assert list(PAUSES) == sorted(PAUSES)


def test_after_the_last_pause_a_message_is_given_up(clock):
    message = outbox.post("refuse", {})
    for pause in PAUSES:
        outbox.deliver_due()
        assert as_stored(message).failed_at is None
        clock.shift(pause)
    assert outbox.deliver_due() == 1
    assert as_stored(message).failed_at is not None
    clock.shift(timedelta(days=30))
    assert outbox.deliver_due() == 0


def test_a_receiver_that_comes_back_gets_its_message(clock, settings, taken):
    message = outbox.post("hang_up", {"number": 7})
    outbox.deliver_due()
    assert as_stored(message).last_error == "Connection reset by peer"
    settings.OUTBOX_KINDS = {"hang_up": receivers.KINDS["take"]}
    clock.shift(PAUSES[0])
    outbox.deliver_due()
    assert taken == [{"number": 7}]
    assert as_stored(message).last_error == ""


@pytest.mark.parametrize("kind", ["chatter", "stumble"])
def test_an_error_is_kept_short_and_without_secrets(kind, caplog):
    message = outbox.post(kind, {})
    outbox.deliver_due()
    error = as_stored(message).last_error
    assert 0 < len(error) <= 200
    assert receivers.SECRET not in error
    assert receivers.SECRET not in caplog.messages[0]


def test_a_fault_of_ours_in_one_message_does_not_hold_up_the_others(taken):
    broken = outbox.post("stumble", {})
    outbox.post("take", {})
    assert outbox.deliver_due() == 2
    assert taken == [{}]
    assert as_stored(broken).failed_at is None
    assert as_stored(broken).last_error == "KeyError"


@pytest.mark.parametrize("kind", ["refuse", "hang_up", "stumble", "unheard_of"])
def test_a_failure_is_one_line_of_the_log(kind, caplog):
    message = outbox.post(kind, {})
    outbox.deliver_due()
    assert len(caplog.messages) == 1
    assert message.public_id in caplog.messages[0]
    given_up = caplog.records[0].levelno == logging.ERROR
    assert given_up == (kind == "unheard_of")


def test_no_more_are_tried_than_asked_for(taken):
    for number in range(5):
        outbox.post("take", {"number": number})
    assert outbox.deliver_due(limit=3) == 3
    assert [payload["number"] for payload in taken] == [0, 1, 2]


def test_many_messages_of_one_organization_hold_up_no_other(alice, carol, taken):
    for _ in range(5):
        outbox.post("take", {"of": "alice"}, organization=alice.organization)
    outbox.post("take", {"of": "carol"}, organization=carol.organization)
    assert outbox.deliver_due(limit=2) == 2
    assert [payload["of"] for payload in taken] == ["alice", "carol"]
    assert outbox.deliver_due(limit=3) == 3
    assert [payload["of"] for payload in taken[2:]] == ["alice"] * 3


def test_a_slow_receiver_has_one_turn_in_a_round(alice, taken, monkeypatch):
    monkeypatch.setattr(outbox, "SLOW", 0.0)
    for _ in range(2):
        outbox.post("take", {}, organization=alice.organization)
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 1
    assert taken == [{}, {}]


def test_what_a_process_that_died_had_in_hand_is_taken_over_after_a_minute(
    clock, taken
):
    outbox.post("take", {})
    OutboxMessage.objects.update(attempts=1, leased_until=timezone.now() + outbox.LEASE)
    clock.shift(59)
    assert outbox.deliver_due() == 0
    clock.shift(1)
    assert outbox.deliver_due() == 1
    assert taken == [{}]


def test_who_was_overtaken_does_not_undo_the_delivery():
    message = outbox.post("overtaken", {})
    outbox.deliver_due()
    assert as_stored(message).delivered_at is not None
    assert as_stored(message).last_error == ""


def test_many_at_once_deliver_each_message_once(crowd, taken):
    for number in range(40):
        outbox.post("take", {"number": number})
    tried = crowd(lambda: outbox.deliver_due(limit=4), times=32)
    assert sum(tried) == 40
    assert sorted(payload["number"] for payload in taken) == list(range(40))
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {1}
    assert not OutboxMessage.objects.filter(delivered_at=None).exists()
