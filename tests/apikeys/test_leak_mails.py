"""Who is told of a leak, and what."""

from datetime import timedelta

import pytest
from django.core import mail as outgoing
from django.utils import timezone

from accounts import outbox
from accounts.models import OutboxMessage
from accounts.roles import Role
from apikeys.models import ApiKey, ApiKeySecret, KeyPolicy
from tests.apikeys.leaking import PLACE, at_once, report
from tests.cast import person

pytestmark = pytest.mark.usefixtures("at_once")
__all__ = ["at_once"]


@pytest.fixture
def operator(carol):
    """Somebody who runs the service and has no part in alice's organization."""
    carol.user.is_staff = True
    carol.user.save()
    return carol.user


def mails():
    outbox.deliver_due()
    return {message.to[0]: message for message in outgoing.outbox}


def test_owner_and_operator_read_what_leaked_where_and_what_was_done(
    issue, alice, operator
):
    api_key, key = issue("scans_read", name="Nightly import")
    report(key)
    sent = mails()
    assert set(sent) == {alice.user.email, operator.email}
    for message in sent.values():
        assert message.subject == "API key of Acme leaked"
        for part in ("Nightly import", api_key.hint, api_key.public_id, PLACE):
            assert part in message.body
        assert "The key was revoked" in message.body
        assert key not in message.body


def test_a_personal_key_is_its_persons(issue, bob):
    report(issue("scans_read", owner=bob)[1])
    assert set(mails()) == {bob.user.email}


def test_a_personal_key_of_somebody_who_left_is_told_to_the_owners(issue, bob, alice):
    key = issue("scans_read", owner=bob)[1]
    bob.membership.is_active = False
    bob.membership.save()
    report(key)
    assert set(mails()) == {alice.user.email}


def test_who_answers_for_a_key_is_told_beside_the_owners_and_the_team(
    issue, bob, alice
):
    api_key, key = issue("scans_read")
    ApiKey.objects.filter(pk=api_key.pk).update(contact=bob.membership)
    KeyPolicy.objects.create(
        organization=alice.organization, team_email="team@acme.test"
    )
    person("vera@acme.test", alice.organization, Role.ADMIN)
    report(key)
    assert set(mails()) == {bob.user.email, alice.user.email, "team@acme.test"}


def test_nobody_is_mailed_twice_for_one_report_or_one_secret(issue, alice):
    keys = [issue("scans_read", name=f"Key {number}")[1] for number in range(3)]
    report(*keys)
    [message] = mails().values()
    assert message.subject == "API keys of Acme leaked"
    assert all(f"Key {number}" in message.body for number in range(3))
    report(*keys)
    mails()
    assert len(outgoing.outbox) == 1


@pytest.mark.parametrize(
    ("action", "words"),
    [("rotate", "Rotate the key before then."), ("notify", "It still works")],
)
def test_the_mail_says_what_is_left_to_do(action, words, issue, alice):
    KeyPolicy.objects.create(organization=alice.organization, leak_action=action)
    report(issue("scans_read")[1])
    assert words in mails()[alice.user.email].body


@pytest.mark.parametrize(
    ("action", "words"),
    [("revoke", "was ended. The new one"), ("rotate", "and ends at {:%F %T} UTC.")],
)
def test_the_mail_says_that_only_an_old_secret_leaked(action, words, issue, alice):
    KeyPolicy.objects.create(organization=alice.organization, leak_action=action)
    key = issue("scans_read")[1]
    soon = timezone.now() + timedelta(hours=1)
    ApiKeySecret.objects.update(retires_at=soon)
    report(key)
    assert words.format(soon) in mails()[alice.user.email].body


def test_a_place_is_text_and_forges_no_mail(issue, alice):
    report(issue("scans_read")[1], url="<b>x</b> {{ organization.id }} %s")
    [message] = mails().values()
    assert "place: <b>x</b> {{ organization.id }} %s" in message.body


def test_a_mail_server_that_is_away_is_tried_again(issue, alice, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    report(issue("scans_read")[1])
    assert mails() == {}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OutboxMessage.objects.update(next_attempt_at="2020-01-01T00:00:00Z")
    assert set(mails()) == {alice.user.email}


def test_a_miss_mails_nobody(operator):
    report("garbage")
    assert mails() == {}
