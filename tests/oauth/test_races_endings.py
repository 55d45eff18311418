"""What ends while something else begins: after its answer nothing works any more."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from accounts import passwords
from accounts.audit import SYSTEM
from oauth.models import Consent
from tests.oauth.conftest import App, Browser
from tests.oauth.flows import begin_device, lives, poll, shown_consent, shown_device

# Many threads at once: `manage.py test --all` runs them.
pytestmark = pytest.mark.slow


NEW_PASSWORD = "copper heron 77 attic"
# Long enough for a request to come as far as the database lets it.
HELD_SECONDS = 0.5


def revoke(app, person, tokens):
    return app.post("revoke", token=tokens["refresh_token"])


def withdraw(app, person, tokens):
    grant = Consent.objects.get().public_id
    return person.call("DELETE", f"/api/v1/oauth-grants/{grant}")


def change_password(app, person, tokens):
    body = {"current_password": person.password, "new_password": NEW_PASSWORD}
    return person.call("POST", "/api/v1/auth/password", body)


def disable(app, person, tokens):
    path = f"/api/v1/oauth-applications/{app.row.public_id}"
    return person.call("PATCH", path, {"is_active": False})


ENDINGS = [revoke, withdraw, change_password, disable]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_refreshes_beside_an_end_leave_nothing_alive(
    app: App, alices: Browser, crowd, end
):
    person = alices.person
    person.sign_in()
    tokens = alices.tokens(app)

    def act():
        refreshed = app.refresh(tokens["refresh_token"])
        return refreshed, end(app, person, tokens)

    answers = crowd(act, times=16)
    assert any(ended.status_code < 300 for _refreshed, ended in answers)
    assert {refreshed.status_code for refreshed, _ended in answers} <= {200, 400, 401}
    assert not lives(tokens)
    for refreshed, _ended in answers:
        if refreshed.status_code == 200:
            assert not lives(refreshed.json())
            again = app.refresh(refreshed.json()["refresh_token"])
            assert again.status_code in (400, 401)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_a_code_beside_an_end_leaves_nothing_alive(
    app: App, alices: Browser, crowd, end
):
    person = alices.person
    person.sign_in()
    tokens = alices.tokens(app)
    codes = [alices.code(app) for _ in range(8)]

    def act():
        fetched = app.exchange(codes.pop())
        return fetched, end(app, person, tokens)

    for fetched, _ended in crowd(act, times=8, threads=8):
        assert fetched.status_code in (200, 400, 401)
        # A revoked refresh token ends its own authorization, and no other.
        if fetched.status_code == 200 and end is not revoke:
            assert not lives(fetched.json())


@pytest.fixture
def while_the_password_changes(alice, file_database):
    """while_the_password_changes(request) -> the answer of a request that came while
    another one had changed the password and not yet ended."""

    def run(request):
        def answer():
            try:
                return request()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                change = {"current": alice.password, "new": NEW_PASSWORD, "keep": ""}
                passwords.change(alice.user, **change, by=SYSTEM)
                waiting = pool.submit(answer)
                time.sleep(HELD_SECONDS)
            return waiting.result(timeout=30)

    return run


def test_a_consent_that_waited_for_a_new_password_counts_for_nothing(
    app: App, alices: Browser, while_the_password_changes
):
    path, form = shown_consent(alices, app)
    answer = while_the_password_changes(lambda: alices.client.post(path, form))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?")
    assert not Consent.objects.standing().exists()


def test_a_device_that_waited_for_a_new_password_stays_out(
    app: App, alices: Browser, while_the_password_changes
):
    begun = begin_device(app)
    form = shown_device(alices, begun)
    path = "/oauth/device/allow"
    answer = while_the_password_changes(lambda: alices.client.post(path, form))
    assert answer.status_code == 401
    assert poll(app, begun).json()["error"] == "authorization_pending"
    assert not Consent.objects.standing().exists()
