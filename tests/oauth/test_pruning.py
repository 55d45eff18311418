"""What is over goes from the tables of OAuth, and nothing that anybody still needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent, Session
from config import pruning
from oauth.models import (
    AccessToken,
    Consent,
    DeviceGrant,
    Grant,
    PushedRequest,
    RefreshToken,
)
from oauth.tokens import forget_answers
from tests.accounts.conftest import clock as clock
from tests.oauth.conftest import App, Browser
from tests.oauth.flows import begin_device, lives, poll, push, scans

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TABLES = (AccessToken, RefreshToken, Grant, DeviceGrant, PushedRequest, Consent)
# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.patient]


def prune():
    """How many rows of each kind went. Nothing may refer to one of them."""
    gone = dict.fromkeys(pruning.waiting(), 0)
    for name, count in pruning.prune():
        gone[name] += count
    connection.check_constraints()
    return {name: count for name, count in gone.items() if count}


def rows():
    return {table.__name__: table.objects.count() for table in TABLES}


def over_for(rows, passed, field="expires"):
    """As if these rows had been over for so long."""
    rows.update(**{field: timezone.now() - passed})


@pytest.fixture
def tokens(app: App, alices: Browser):
    return alices.tokens(app)


def test_nothing_that_is_alive_goes(app: App, alices: Browser, tokens):
    refreshed = app.refresh(tokens["refresh_token"]).json()
    code = alices.code(app)
    begun = begin_device(app)
    uri = push(app)
    before = rows()
    assert prune() == {}
    assert rows() == before
    assert lives(tokens)
    assert lives(refreshed)
    assert app.refresh(refreshed["refresh_token"]).status_code == 200
    assert app.exchange(code).status_code == 200
    assert poll(app, begun).json()["error"] == "authorization_pending"
    asked = {"request_uri": uri, "redirect_uri": "", "response_type": ""}
    assert alices.code(app, **asked, scope="", state="")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (AccessToken, "access_tokens"),
        (RefreshToken, "refresh_tokens"),
        (DeviceGrant, "device_codes"),
        (PushedRequest, "pushed_requests"),
    ],
)
def test_a_row_goes_an_hour_after_its_end(app: App, tokens, table, name):
    begin_device(app)
    push(app)
    over_for(table.objects, HOUR - MINUTE)
    assert prune() == {}
    over_for(table.objects, HOUR + MINUTE)
    assert prune() == {name: 1}
    assert not table.objects.exists()


def test_an_expired_token_is_called_expired_until_it_goes(tokens):
    over_for(AccessToken.objects, MINUTE)
    prune()
    assert scans(tokens["access_token"]).json()["code"] == "token_expired"
    over_for(AccessToken.objects, 2 * HOUR)
    prune()
    assert scans(tokens["access_token"]).json()["code"] == "invalid_credential"


def test_a_code_that_nobody_redeemed_goes_with_its_authorization(
    app: App, alices: Browser
):
    code = alices.code(app)
    over_for(Grant.objects, 2 * HOUR)
    assert prune() == {"authorizations": 1}
    assert app.exchange(code).json()["error"] == "invalid_grant"
    # What the person allowed is remembered all the same.
    assert alices.ask(app).status_code == 303


def test_an_authorization_stays_while_a_token_of_it_does(app: App, tokens):
    """Also where its own end was put before that of its tokens."""
    over_for(Grant.objects, 2 * HOUR)
    assert prune() == {}
    over_for(AccessToken.objects, 2 * HOUR)
    assert prune() == {"access_tokens": 1}
    over_for(RefreshToken.objects, 2 * HOUR)
    assert prune() == {"refresh_tokens": 1, "authorizations": 1}


def test_an_authorization_stays_while_a_device_waits_for_it(
    app: App, alices: Browser, tokens
):
    begin_device(app)
    grant = Grant.objects.get()
    DeviceGrant.objects.update(grant=grant)
    for table in (AccessToken, RefreshToken, Grant):
        over_for(table.objects, 2 * HOUR)
    assert prune() == {"access_tokens": 1, "refresh_tokens": 1}
    over_for(DeviceGrant.objects, 2 * HOUR)
    assert prune() == {"device_codes": 1, "authorizations": 1}


# Reuse of a refresh token


def test_a_refresh_token_that_was_used_long_ago_is_known_while_its_family_lives(
    app: App, tokens, clock
):
    first = newest = tokens["refresh_token"]
    for _ in range(6):
        clock.shift(14 * DAY)
        newest = app.refresh(newest).json()["refresh_token"]
        prune()
    assert RefreshToken.objects.count() == 7
    assert app.refresh(first).json()["error"] == "invalid_grant"
    assert app.refresh(newest).json()["error"] == "invalid_grant"
    ended = AuditEvent.objects.get(action="oauth_tokens.revoked")
    assert ended.details["reason"] == "refresh_token_reused"


def test_a_refresh_token_that_nobody_used_goes_after_its_idle_time(tokens, clock):
    clock.shift(30 * DAY + 2 * HOUR)
    assert prune()["refresh_tokens"] == 1


def test_what_a_used_refresh_token_keeps_is_dropped_when_it_cannot_be_asked_for(
    app: App, tokens, clock
):
    refreshed = app.refresh(tokens["refresh_token"])
    assert forget_answers() == 0
    clock.shift(29)
    assert forget_answers() == 0
    assert app.refresh(tokens["refresh_token"]).content == refreshed.content
    clock.shift(2)
    assert forget_answers() == 1
    assert not RefreshToken.objects.exclude(sealed_successor=None).exists()
    assert app.refresh(refreshed.json()["refresh_token"]).status_code == 200


def test_a_family_ends_and_goes_with_its_authorization(app: App, tokens, clock):
    newest = tokens["refresh_token"]
    for _ in range(8):
        clock.shift(11 * DAY)
        newest = app.refresh(newest).json()["refresh_token"]
    clock.shift(3 * DAY)
    assert app.refresh(newest).json()["error"] == "invalid_grant"
    prune()
    left = rows()
    assert (left["AccessToken"], left["RefreshToken"], left["Grant"]) == (0, 0, 0)
    assert left["Consent"] == 1


# Sessions and consents


def test_a_session_that_goes_leaves_its_authorizations(app: App, tokens):
    """Devices and applications live on without the browser that let them in."""
    over_for(Session.objects, 31 * DAY, "ended_at")
    assert prune() == {"sessions": 1}
    assert Grant.objects.get().session_id is None
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_a_withdrawn_consent_goes_after_ninety_days_with_nothing_under_it(tokens):
    over_for(Consent.objects, 91 * DAY, "withdrawn_at")
    assert prune() == {}
    for table in (AccessToken, RefreshToken, Grant):
        over_for(table.objects, 2 * HOUR)
    assert prune()["withdrawn_consents"] == 1


def test_a_consent_that_was_withdrawn_lately_or_never_stays(app: App, alices: Browser):
    alices.code(app)
    over_for(Grant.objects, 2 * HOUR)
    prune()
    assert Consent.objects.count() == 1
    over_for(Consent.objects, 89 * DAY, "withdrawn_at")
    assert prune() == {}
    assert Consent.objects.count() == 1


# A little at a time


def test_a_slice_leaves_what_it_cannot_finish_to_the_next(app: App, alices: Browser):
    for _ in range(3):
        alices.tokens(app)
    for table in (AccessToken, RefreshToken, Grant):
        over_for(table.objects, 2 * HOUR)
    gone = [pruning.slice(most=2) for _ in range(3)]
    connection.check_constraints()
    for name in ("access_tokens", "refresh_tokens", "authorizations"):
        assert sum(each[name] for each in gone) == 3, gone
        assert max(each[name] for each in gone) <= 2


def test_a_dry_run_counts_what_will_be_free_once_its_tokens_are_gone(tokens):
    for table in (AccessToken, RefreshToken, Grant):
        over_for(table.objects, 2 * HOUR)
    waiting = {name: count for name, count in pruning.waiting().items() if count}
    assert waiting == prune()


def test_the_server_goes_on_while_a_slice_was_full(app: App, alices: Browser):
    for _ in range(5):
        alices.code(app)
    over_for(Grant.objects, 2 * HOUR)
    assert pruning.sweep(most=2)["authorizations"] == 5
    assert settings.BACKGROUND_JOBS["config.pruning.sweep"] == 60


def test_the_server_takes_its_time_for_what_would_take_long(
    app: App, alices: Browser, monkeypatch
):
    monkeypatch.setattr(pruning, "SWEEP_SECONDS", 0)
    for _ in range(3):
        alices.code(app)
    over_for(Grant.objects, 2 * HOUR)
    assert pruning.sweep(most=1)["authorizations"] == 1
