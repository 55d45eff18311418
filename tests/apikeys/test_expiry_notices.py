"""The end of a key is told ahead: each milestone once, to everyone concerned."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, OutboxMessage
from accounts.outbox import PAUSES
from accounts.roles import Role
from apikeys import expiry
from apikeys.models import ApiKey, KeyNotice, KeyPolicy
from tests.accounts.conftest import clock as clock
from tests.accounts.hooks import LOOPBACK, WEBHOOKS, deliver, hooked, signed_by
from tests.accounts.post_office import AWAY, post_office
from tests.cast import person

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _inner(settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK
    expiry._reached.clear()


@pytest.fixture
def hook(alice):
    with hooked(alice, events=["api_key.expiring", "api_key.expired"]) as found:
        yield found


@pytest.fixture
def expiring(issue):
    """expiring(days, …) -> a key that expires in so many days."""

    def make(days, **wish):
        expires_at = timezone.now() + timedelta(days=days)
        return issue("scans_read", expires_at=expires_at, **wish)

    return make


def run():
    """What the background does in a minute."""
    expiry.announce()
    deliver()
    expiry.announce()


def mailed():
    return [(letter.to[0], letter.subject, letter.body) for letter in mail.outbox]


def milestones(hook):
    return [message["data"].get("milestone_days") for message in hook.messages]


def test_running_it_twice_sends_one_mail_and_one_signed_webhook(alice, expiring, hook):
    api_key, key = expiring(6, name="Deploy")
    run()
    run()
    [(to, subject, body)] = mailed()
    assert (to, "Acme" in subject) == (alice.user.email, True)
    for part in ("Deploy", api_key.hint, "Acme", api_key.public_id):
        assert part in body
    assert f"{api_key.expires_at:%Y-%m-%d %H:%M} UTC" in body
    [(headers, sent)] = hook.requests
    assert signed_by(hook.secret, headers, sent)
    [message] = hook.messages
    assert message["type"] == "api_key.expiring"
    data = message["data"]
    assert (data["id"], data["milestone_days"]) == (api_key.public_id, 7)
    assert (data["name"], data["hint"]) == ("Deploy", api_key.hint)
    assert key not in body + sent.decode()
    assert AuditEvent.objects.filter(action="api_key.expiring").count() == 1


def test_each_milestone_is_told_once_and_then_the_end(expiring, hook, clock):
    expiring(40)
    for days, told in ((9, 0), (1, 1), (10, 1), (13, 2), (5, 2), (1, 3), (1, 3)):
        clock.shift(days * DAY)
        run()
        assert len(mailed()) == told, days
    assert milestones(hook) == [30, 7, 1, None]
    assert hook.types[-1] == "api_key.expired"
    clock.shift(DAY)
    run()
    assert len(hook.messages) == 4


def test_only_the_smallest_milestone_that_is_reached_is_told(expiring, hook):
    expiring(0.5)
    run()
    assert milestones(hook) == [1]
    assert len(mailed()) == 1


@pytest.mark.parametrize("days", [30.5, 400, -8])
def test_what_ends_later_or_ended_long_ago_is_no_news(expiring, hook, days):
    expiring(days)
    run()
    assert (mailed(), hook.messages) == ([], [])


def test_a_dead_key_is_not_told_of(expiring, hook):
    for days in (-0.5, 0.5):
        revoked = expiring(days)[0]
        ApiKey.objects.filter(pk=revoked.pk).revoke("other")
    disabled = expiring(5, name="Off")[0]
    ApiKey.objects.filter(pk=disabled.pk).update(disabled_at=timezone.now())
    run()
    assert (mailed(), hook.messages) == ([], [])
    ApiKey.objects.filter(pk=disabled.pk).update(disabled_at=None)
    run()
    assert milestones(hook) == [7]


def test_another_expiry_is_told_anew(expiring, hook):
    api_key = expiring(6)[0]
    run()
    later = timezone.now() + 6.5 * DAY
    ApiKey.objects.filter(pk=api_key.pk).update(expires_at=later)
    run()
    run()
    assert milestones(hook) == [7, 7]
    assert len(mailed()) == 2


# Who is told


def test_a_personal_key_is_its_persons_and_the_teams(expiring, bob, alice):
    KeyPolicy.objects.create(
        organization=alice.organization, team_email="team@acme.test"
    )
    expiring(6, owner=bob)
    run()
    assert [to for to, *_ in mailed()] == [bob.user.email, "team@acme.test"]


def test_a_key_of_the_organization_is_its_contacts_while_they_work_here(
    expiring, bob, alice
):
    oscar = person("oscar@acme.test", alice.organization, Role.OWNER)
    api_key = expiring(6)[0]
    ApiKey.objects.filter(pk=api_key.pk).update(contact=bob.membership)
    run()
    assert [to for to, *_ in mailed()] == [bob.user.email]
    mail.outbox.clear()
    bob.membership.is_active = False
    bob.membership.save()
    ApiKey.objects.filter(pk=api_key.pk).update(expires_at=timezone.now() + 0.5 * DAY)
    run()
    assert {to for to, *_ in mailed()} == {alice.user.email, oscar.user.email}


def test_a_team_that_is_also_the_owner_gets_one_mail(expiring, alice):
    KeyPolicy.objects.create(
        organization=alice.organization, team_email="Alice@ACME.test"
    )
    expiring(6)
    run()
    assert len(mailed()) == 1


def test_a_key_that_nobody_hears_of_is_looked_at_once(expiring, bob, alice):
    expiring(6, owner=bob)
    bob.membership.is_active = False
    bob.membership.save()
    assert expiry.announce() == 1
    assert expiry.announce() == 0
    assert not OutboxMessage.objects.exists()


def test_another_tenant_hears_nothing(expiring, carol):
    with hooked(carol) as foreign:
        expiring(6)
        run()
        assert foreign.messages == []
    assert carol.user.email not in [to for to, *_ in mailed()]


# Until it arrives


def is_told():
    return [notice.told_at is not None for notice in KeyNotice.objects.order_by("id")]


def test_a_mail_server_that_is_down_is_tried_again(expiring, settings, clock):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 5
    with post_office() as gone:
        settings.EMAIL_PORT = gone.port
    expiring(6, name="Deploy")
    run()
    assert is_told() == [False]
    assert OutboxMessage.objects.get().last_error.startswith("The mail server is away")
    with post_office(settings.EMAIL_PORT) as office:
        clock.shift(PAUSES[0])
        run()
        run()
        [letter] = office.letters
    assert "Deploy" in letter
    assert is_told() == [True]


def test_what_the_outbox_gave_up_is_queued_again(expiring, settings, clock, hook):
    settings.EMAIL_BACKEND = AWAY
    hook.statuses = [500] * (len(PAUSES) + 1)
    expiring(28)
    for pause in (timedelta(0), *PAUSES):
        clock.shift(pause)
        expiry.announce()
        deliver()
    assert OutboxMessage.objects.filter(failed_at__isnull=False).count() == 2
    assert is_told() == [False, False]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run()
    assert is_told() == [True, True]
    assert (len(mailed()), milestones(hook)) == (1, [30] * (len(PAUSES) + 2))
    assert len({message["id"] for message in hook.messages}) == 1


def test_a_milestone_that_is_over_is_not_tried_again(expiring, settings, clock):
    settings.EMAIL_BACKEND = AWAY
    api_key = expiring(8)[0]
    run()
    OutboxMessage.objects.update(failed_at=timezone.now())
    ApiKey.objects.filter(pk=api_key.pk).update(expires_at=None)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run()
    assert mailed() == []
    assert not KeyNotice.objects.exists()


def test_a_receiver_that_was_removed_is_not_tried_for_ever(expiring, hook, alice):
    hook.statuses = [500]
    expiring(6)
    run()
    assert alice.call("DELETE", f"{WEBHOOKS}/{hook.id}").status_code == 204
    run()
    assert is_told() == [True]
    assert len(hook.messages) == 1


# What it costs


def test_keys_that_do_not_expire_soon_cost_nothing(expiring, issue):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            expiry.announce()
        return len(captured.captured_queries)

    nothing = statements()
    for number in range(5):
        expiring(100 + number)
        issue("scans_read", name=f"for ever {number}")
    assert statements() == nothing
    expiring(6)
    assert expiry.announce() == 1
    assert statements() == nothing


def test_a_run_goes_through_all_that_is_due(expiring, monkeypatch):
    monkeypatch.setattr(expiry, "AT_ONCE", 2)
    for days in range(2, 7):
        expiring(days, name=f"{days}")
    assert expiry.announce() == 5


def test_more_keys_than_one_run_looks_at_are_reached_in_turn(expiring, monkeypatch):
    monkeypatch.setattr(expiry, "MOST_LOOKED_AT", 2)
    for number in range(7):
        expiring(2 + number / 2, name=f"{number}")
    assert [expiry.announce() for _ in range(4)] == [3, 3, 1, 0]
    expiring(2.1, name="new")
    assert sum(expiry.announce() for _ in range(3)) == 1


@pytest.mark.slow
def test_many_that_run_at_once_tell_once(expiring, hook, crowd):
    for number in range(5):
        expiring(6, name=f"{number}")
    crowd(expiry.announce, times=16)
    deliver()
    assert len(mailed()) == 5
    assert milestones(hook) == [7] * 5
