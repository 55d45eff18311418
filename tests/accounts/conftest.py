"""What the tests of sign-in share: a clock, authenticators, browsers, crowds, mail."""

import base64
import hmac
import re
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.core import mail as django_mail
from django.db import connection, connections
from django.test import Client

from accounts import mail
from accounts.models import AuditEvent
from tests.accounts.forging import show


@pytest.fixture(autouse=True)
def _no_static_files(settings):
    """Each test client would look for all of them anew, for longer than a request."""
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture
def clock():
    """Stands still at the present moment until `clock.shift(seconds)`."""
    with time_machine.travel(time.time(), tick=False) as traveller:
        yield traveller


@dataclass
class Authenticator:
    """An authenticator app, written anew after RFC 6238, so that ours has a judge."""

    secret: str
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, step: int = 0) -> str:
        """The six digits of now, or of some steps of 30 s earlier or later."""
        counter = (int(time.time()) // 30 + step).to_bytes(8, "big")
        mac = hmac.digest(base64.b32decode(self.secret), counter, "sha1")
        start = mac[-1] & 15
        number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
        return f"{number % 1_000_000:06d}"

    def wrong(self) -> str:
        """Six digits that are right at no moment near to now."""
        near = {self.code(step) for step in range(-3, 4)}
        return next(code for code in map("{:06d}".format, range(9)) if code not in near)


@pytest.fixture
def enrol(clock):
    """enrol(alice) -> her authenticator, turned on over the API. The clock stands.

    It was confirmed by the code of the step before, so that the present one is unused.
    """

    def turn_on(person):
        answer = person.call("POST", "/api/v1/auth/totp")
        app = Authenticator(answer.json()["secret"])
        body = {"totp_code": app.code(-1)}
        confirmed = person.call("POST", "/api/v1/auth/totp/confirm", body)
        assert confirmed.status_code == 200
        app.recovery_codes = confirmed.json()["recovery_codes"]
        return app

    return turn_on


class Browser(Client):
    """A browser: it keeps cookies, and a form goes back with the token of its page."""

    def __init__(self):
        super().__init__(enforce_csrf_checks=True, raise_request_exception=False)

    def fill_in(self, path, page="", **fields):
        """Open the page with the form (the same one, if none is named) and send it, as
        browsers do with its hidden fields."""
        hidden = r'"(csrfmiddlewaretoken|form_nonce)" value="([\w-]+)"'
        found = dict(re.findall(hidden, self.read(page or path)))
        assert "csrfmiddlewaretoken" in found
        return self.post(path, {**fields, **found})

    def read(self, path):
        return self.get(path).content.decode()

    def log_in(self, person, path="/login"):
        return self.fill_in(path, email=person.user.email, password=person.password)

    @property
    def session_cookie(self):
        return self.cookies["session"].value


@pytest.fixture
def browse():
    """browse() -> a new browser."""
    return Browser


@pytest.fixture
def token(alice):
    """An access token of alice's."""
    return alice.sign_in()["access_token"]


@pytest.fixture(scope="session")
def own_key():
    """The key of somebody who would like to sign our tokens."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def assert_refused(alice):
    """assert_refused(token, …): each gets the one answer of whatever is not proven."""

    def told(answer):
        headers = answer["WWW-Authenticate"], answer["Cache-Control"]
        return answer.status_code, {**answer.json(), "request_id": ""}, headers

    def check(*tokens):
        refusal = told(show("nonsense"))
        assert refusal[0] == 401
        assert refusal[1]["code"] == "invalid_credential"
        for token in tokens:
            assert told(show(token)) == refusal, token

    return check


@pytest.fixture
def file_database(transactional_db, tmp_path):
    """A database for many threads: SQLite's in memory makes them refuse one another."""
    if connection.vendor != "sqlite" or not connection.is_in_memory_db():
        yield
        return
    connection.ensure_connection()
    memory, name = connection.connection, connection.settings_dict["NAME"]
    file = str(tmp_path / "crowd.sqlite3")
    with closing(sqlite3.connect(file)) as copy:
        memory.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, file
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = memory, name


@pytest.fixture
def crowd(file_database):
    """crowd(action, times=64) -> what each call came to, done by 16 threads at once."""

    def run(action, times=64, threads=16):
        gate = threading.Barrier(threads)

        def attempt(number):
            gate.wait(timeout=30)
            try:
                return action()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(attempt, range(times)))

    return run


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    """`with post() as mails:` collects what is mailed meanwhile."""

    @contextmanager
    def collect():
        mails = []
        before = len(django_mail.outbox)
        with django_capture_on_commit_callbacks(execute=True):
            yield mails
        mail.wait()
        mails += django_mail.outbox[before:]

    return collect


@pytest.fixture
def events():
    """events() -> the actions of the audit log, oldest first."""

    def actions():
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))

    return actions
