"""Operators in tests: who they are, and what their browser sends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from tests.cast import Person
from tests.surfing import age, surf

FACTORS = ["pwd", "otp", "mfa"]


def promote(person: Person) -> Person:
    """Make somebody an operator."""
    User.objects.filter(pk=person.user.pk).update(is_staff=True, is_superuser=True)
    person.user.refresh_from_db()
    return person


def operate(person: Person) -> Client:
    """An operator's browser, just signed in with a second factor."""
    return surf(promote(person), factors=FACTORS)


def do(client: Client, table: str, deed: str, *rows: Any, **fields: Any) -> Any:
    """Answer the question of a deed with yes, for these rows."""
    chosen = [str(row.pk) for row in rows]
    body = {"action": deed, "_selected_action": chosen, "sure": "yes", **fields}
    return client.post(f"/admin/{table}/", body)


@pytest.fixture
def in_the_demo(settings: Any) -> None:
    """Where the admin asks for no second factor."""
    settings.DEMO = True


def let_time_pass(client: Any) -> None:
    """So long that "confirm it is you" is asked, also after a second factor."""
    session = client.session_row
    age(session)
    then = timezone.now() - timedelta(minutes=16)
    Session.objects.filter(pk=session.pk).update(second_step_at=then)


def nonce_in(answer: Any) -> str:
    found = re.search(r'name="form_nonce" value="([\w-]+)"', answer.content.decode())
    assert found is not None
    return found[1]
