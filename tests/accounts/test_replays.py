"""What works once works once: in a row, in parallel, under whatever name."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts import replays
from accounts.models import SeenOnce

MINUTE = timedelta(minutes=1)


def first_use(text):
    return replays.first_use(text, until=timezone.now() + MINUTE)


def test_the_first_use_is_the_only_one(db):
    assert first_use("dpop:a:1")
    assert not first_use("dpop:a:1")
    assert first_use("dpop:a:2")
    assert first_use("dpop:b:1")


def test_it_costs_one_statement(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert first_use("once")
    with django_assert_num_queries(1):
        assert not first_use("once")


def test_of_a_crowd_exactly_one_is_the_first(crowd):
    assert crowd(lambda: first_use("the same")).count(True) == 1


def test_the_text_itself_is_not_kept(db):
    assert first_use("a secret of somebody")
    [row] = SeenOnce.objects.all()
    assert len(bytes(row.digest)) == 32
    assert b"secret" not in bytes(row.digest)


def test_any_text_can_be_asked_for(db):
    for text in ("", "\x00", "ü", "\ud800", "x" * 100_000):
        assert first_use(text)
        assert not first_use(text)


def test_a_use_that_was_rolled_back_did_not_happen(db):
    with transaction.atomic():
        assert first_use("undone")
        transaction.set_rollback(True)
    assert first_use("undone")


def test_a_refused_use_does_not_spoil_the_transaction_around_it(db):
    first_use("again")
    with transaction.atomic():
        assert not first_use("again")
        assert first_use("another")
    assert not first_use("another")
