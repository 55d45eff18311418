"""Keys that nobody uses are disabled where the policy says so, a week after notice."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEvent, OutboxMessage
from apikeys import idle
from apikeys.models import ApiKey, KeyNotice, KeyPolicy
from tests.accounts.conftest import clock as clock
from tests.accounts.hooks import LOOPBACK, deliver, hooked
from tests.accounts.post_office import AWAY

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def policy(alice):
    """Of alice's organization: 90 days."""
    return KeyPolicy.objects.create(organization=alice.organization, idle_days=90)


def run():
    """What the background does now and then."""
    idle.look()
    deliver()
    idle.look()


def status(api_key):
    api_key.refresh_from_db()
    return api_key.status


def used_now(api_key):
    ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=timezone.now())


def test_a_key_is_told_of_a_week_ahead_and_then_disabled(issue, clock, alice, call):
    api_key, key = issue("scans_read", name="Deploy")
    for days, mails, now in (
        *((82, 0, "active"), (1, 1, "active"), (6, 1, "active")),
        *((1.1, 1, "disabled"), (30, 1, "disabled")),
    ):
        clock.shift(days * DAY)
        run()
        assert (len(mail.outbox), status(api_key)) == (mails, now), days
    [letter] = mail.outbox
    assert letter.to == [alice.user.email]
    assert "Deploy" in letter.body
    assert api_key.hint in letter.body
    assert key not in letter.body
    assert f"{api_key.created_at + 90 * DAY:%Y-%m-%d}" in letter.body
    assert call(key).json()["code"] == "key_disabled"
    event = AuditEvent.objects.get(action="api_key.disabled")
    assert (event.actor, event.target) == ("system", api_key.public_id)
    assert event.details["reason"] == "idle"


def test_it_counts_from_the_last_use(issue, clock):
    api_key = issue("scans_read")[0]
    clock.shift(60 * DAY)
    used_now(api_key)
    clock.shift(60 * DAY)
    run()
    assert mail.outbox == []
    clock.shift(31 * DAY)
    run()
    assert (len(mail.outbox), status(api_key)) == (1, "active")


def test_a_use_after_the_notice_saves_the_key(issue, clock):
    api_key = issue("scans_read")[0]
    clock.shift(84 * DAY)
    run()
    used_now(api_key)
    clock.shift(10 * DAY)
    run()
    assert status(api_key) == "active"


def test_without_a_notice_that_arrived_a_key_stays(issue, clock, settings):
    api_key = issue("scans_read")[0]
    settings.EMAIL_BACKEND = AWAY
    for _ in range(5):
        clock.shift(60 * DAY)
        run()
    assert status(api_key) == "active"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    clock.shift(DAY)
    run()
    assert (len(mail.outbox), status(api_key)) == (1, "active")
    clock.shift(7.1 * DAY)
    run()
    assert status(api_key) == "disabled"


def test_a_key_that_was_idle_before_the_policy_has_a_week_too(issue, clock, policy):
    KeyPolicy.objects.update(idle_days=None)
    api_key = issue("scans_read")[0]
    clock.shift(400 * DAY)
    run()
    assert mail.outbox == []
    KeyPolicy.objects.update(idle_days=3)
    run()
    clock.shift(6.9 * DAY)
    run()
    assert (len(mail.outbox), status(api_key)) == (1, "active")
    clock.shift(0.2 * DAY)
    run()
    assert status(api_key) == "disabled"


def test_who_enables_it_again_has_another_week_and_another_notice(issue, clock):
    api_key = issue("scans_read")[0]
    for days in (84, 7.1):
        clock.shift(days * DAY)
        run()
    assert status(api_key) == "disabled"
    ApiKey.objects.filter(pk=api_key.pk).update(disabled_at=None)
    run()
    assert (len(mail.outbox), status(api_key)) == (2, "active")
    clock.shift(7.1 * DAY)
    run()
    assert status(api_key) == "disabled"


def test_it_is_told_by_webhook_too(issue, clock, alice, settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK
    api_key = issue("scans_read")[0]
    wanted = ["api_key.idle", "api_key.disabled"]
    with hooked(alice, events=wanted) as hook:
        for days in (84, 7.1):
            clock.shift(days * DAY)
            run()
        deliver()
        told, ended = hook.messages
    assert (told["type"], ended["type"]) == tuple(wanted)
    assert told["data"]["id"] == api_key.public_id
    assert told["data"]["idle_since"] == told["data"]["created_at"]
    assert ended["data"]["status"] == "disabled"


def test_other_organizations_and_dead_keys_are_left_alone(issue, clock, carol):
    foreign = issue("scans_read", owner=carol)[0]
    revoked = issue("scans_read", name="revoked")[0]
    ApiKey.objects.filter(pk=revoked.pk).revoke("other")
    clock.shift(200 * DAY)
    run()
    clock.shift(8 * DAY)
    run()
    assert status(foreign) == "active"
    assert mail.outbox == []
    assert not KeyNotice.objects.exists()


def test_a_policy_that_was_taken_back_ends_nothing(issue, clock):
    api_key = issue("scans_read")[0]
    clock.shift(84 * DAY)
    idle.look()
    OutboxMessage.objects.update(failed_at=timezone.now())
    KeyPolicy.objects.update(idle_days=None)
    clock.shift(30 * DAY)
    run()
    assert (mail.outbox, status(api_key)) == ([], "active")


@pytest.mark.slow
def test_many_that_look_at_once_tell_and_disable_once(issue, crowd, clock):
    for number in range(5):
        issue("scans_read", name=f"{number}")
    clock.shift(84 * DAY)
    crowd(idle.look, times=16)
    deliver()
    idle.look()
    assert len(mail.outbox) == 5
    clock.shift(7.1 * DAY)
    crowd(idle.look, times=16)
    assert AuditEvent.objects.filter(action="api_key.disabled").count() == 5
