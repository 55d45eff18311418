"""Pages through Django's test client: somebody's browser, signed in."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import Client
from django.utils import timezone

from accounts import browser, sessions
from accounts.models import Session
from tests.cast import HERE, Person


def surf(person: Person, *, factors: list[str] | None = None) -> Client:
    """Her browser, just signed in. `.session_row` is the sign-in's row."""
    client = Client(raise_request_exception=False)
    session = begin(person, factors=factors or ["pwd"])
    client.cookies["session"] = cookie_of(session)
    client.session_row = session  # type: ignore[attr-defined]
    return client


def begin(person: Person, *, factors: list[str]) -> Session:
    person.membership.refresh_from_db()
    return sessions.begin_in_browser(person.membership, factors=factors, place=HERE)


def age(session: Session, minutes: int = 16) -> None:
    """Let the sign-in be so long ago that "confirm it is you" is asked."""
    then = timezone.now() - timedelta(minutes=minutes)
    Session.objects.filter(pk=session.pk).update(
        authenticated_at=then, confirmed_at=None, second_step_at=None
    )
    people = type(session.membership.user).objects
    people.filter(pk=session.membership.user_id).update(credentials_valid_from=then)


def cookie_of(session: Session) -> Any:
    """The value of the session cookie."""
    store = SessionStore()
    store[browser.SESSION] = session.public_id
    store.save()
    cookie: Any = SimpleCookie()
    cookie["session"] = store.session_key
    return cookie["session"].value
