"""When a credential was last used is written behind the requests, once a minute."""

import time
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from accounts.last_used import Recorder, recorder
from accounts.models import Session
from tests.cast import send


@pytest.fixture
def session(alice):
    """A session that was last used an hour ago, from elsewhere."""
    alice.sign_in()
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_used_at=long_ago, last_used_ip="192.0.2.1")
    return Session.objects.get()


def is_noted(session):
    session.refresh_from_db()
    return timezone.now() - session.last_used_at < timedelta(minutes=1)


def test_a_request_leaves_a_note_and_a_flush_writes_it(alice, session):
    alice.call("GET", "/api/v1/auth/whoami")
    assert not is_noted(session)
    recorder.flush()
    assert is_noted(session)
    assert session.last_used_ip == "127.0.0.1"


def test_a_refused_request_leaves_no_note(alice, session):
    token = alice.tokens["access_token"]
    for text in (token[:-1], alice.tokens["refresh_token"]):
        send("GET", "/api/v1/auth/whoami", AUTHORIZATION=f"Bearer {text}")
    assert not recorder.pending


def test_many_requests_are_one_write(alice, session, django_assert_num_queries):
    for _ in range(10):
        alice.call("GET", "/api/v1/auth/whoami")
    with django_assert_num_queries(1):
        recorder.flush()


def test_within_a_minute_there_is_no_second_write(
    alice, session, django_assert_num_queries
):
    for _ in range(3):
        alice.call("GET", "/api/v1/auth/whoami")
        recorder.flush()
    alice.call("GET", "/api/v1/auth/whoami")
    with django_assert_num_queries(0):
        recorder.flush()


def test_a_use_within_the_minute_is_written_when_the_minute_is_over(alice, session):
    alice.call("GET", "/api/v1/auth/whoami")
    recorder.flush()
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_used_at=long_ago)
    alice.call("GET", "/api/v1/auth/whoami")
    recorder.flush()
    assert not is_noted(session)
    recorder.written = {note: at - 61 for note, at in recorder.written.items()}
    recorder.flush()
    assert is_noted(session)


def test_another_process_that_wrote_within_the_minute_is_not_overwritten(
    alice, session
):
    alice.call("GET", "/api/v1/auth/whoami")
    just_now = timezone.now() - timedelta(seconds=30)
    Session.objects.update(last_used_at=just_now, last_used_ip="192.0.2.7")
    recorder.flush()
    session.refresh_from_db()
    assert session.last_used_ip == "192.0.2.7"


def test_a_key_is_noted_too(issue, call):
    api_key, key = issue("scans_read")
    call(key)
    recorder.flush()
    api_key.refresh_from_db()
    assert timezone.now() - api_key.last_used_at < timedelta(minutes=1)
    assert api_key.last_used_ip == "127.0.0.1"


def test_a_browser_session_is_noted_too(alice, browse):
    browser = browse()
    browser.log_in(alice)
    session = Session.objects.get()
    Session.objects.update(last_used_at=timezone.now() - timedelta(hours=1))
    browser.get("/")
    recorder.flush()
    assert is_noted(session)


class Gone:
    """Stands for the rows of a table that cannot be written just now."""

    def __init__(self, fault):
        self._default_manager = self
        self.fault = fault

    def filter(self, *conditions, **fields):
        return self

    def update(self, **fields):
        raise self.fault


def wait_until(true, seconds=10):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def own_recorder(settings, file_database):
    """A recorder whose thread writes all the time. It ends with the test."""
    settings.LAST_USED_SECONDS = 0.02
    made = Recorder()
    yield made
    settings.LAST_USED_SECONDS = 0
    made.thread.join(timeout=10)


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_the_thread_goes_on_after_the_database_failed(session, own_recorder, fault):
    gone = Gone(fault("away"))
    own_recorder.note((gone, session.pk), "127.0.0.1")
    wait_until(lambda: not own_recorder.pending)
    own_recorder.note((Session, session.pk), "127.0.0.1")
    wait_until(lambda: is_noted(session))
