"""A form that works once."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from accounts import audit, once
from accounts.models import AuditEvent
from accounts.problems import Problem


def visitor_of(person):
    return SimpleNamespace(organization=person.organization, user=person.user)


def send(person, nonce, make):
    request = RequestFactory().post("/", {once.FIELD: nonce})
    return once.once(request, visitor_of(person), make, target=str)


def written():
    event = audit.record("made", by=audit.SYSTEM, organization=None)
    return event.public_id


def test_the_second_time_is_told_what_the_first_one_made(alice):
    nonce = once.nonce()
    made = send(alice, nonce, written)
    with pytest.raises(once.AlreadyMade) as refusal:
        send(alice, nonce, written)
    assert refusal.value.target == made
    assert AuditEvent.objects.filter(action="made").count() == 1


def test_a_refusal_leaves_the_form_usable(alice):
    nonce = once.nonce()

    def refuse():
        written()
        raise Problem("forbidden")

    with pytest.raises(Problem):
        send(alice, nonce, refuse)
    assert not AuditEvent.objects.filter(action="made").exists()
    assert send(alice, nonce, written)


def test_somebody_else_cannot_use_it_up(alice, bob):
    nonce = once.nonce()
    send(alice, nonce, written)
    assert send(bob, nonce, written)


@pytest.mark.parametrize("nonce", ["", "x", "a" * 23, "é" * 22, "a" * 21 + "\n"])
def test_a_form_without_a_nonce_of_ours_is_refused(alice, nonce):
    with pytest.raises(Problem) as refusal:
        send(alice, nonce, written)
    assert refusal.value.code == "invalid_request"
