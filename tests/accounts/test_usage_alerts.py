"""Mail when a credential has used up 80 or 100 % of its day's quota."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import alerts, outbox
from accounts.alerts import announce, choose
from accounts.audit import SYSTEM
from accounts.models import Organization, UsageAlert
from accounts.roles import Role
from apikeys.models import ApiKey
from config import pruning
from ratelimits.models import Usage
from tests.cast import person


@pytest.fixture
def key(alice, issue):
    """A key of alice's organization that may ask 100 times a day."""
    Organization.objects.filter(pk=alice.organization.pk).update(daily=100)
    return issue("scans_read")[0]


def use(api_key, charged, day=None, **fields):
    """As if the day had brought so many requests so far."""
    Usage.objects.update_or_create(
        credential=api_key.public_id,
        organization=api_key.organization.public_id,
        day=day or timezone.now().date(),
        environment="live",
        defaults={"kind": "api_key", "charged": charged, "requests": charged},
    )


def told():
    """Who was mailed what since the last look: address and subject."""
    announce()
    outbox.deliver_due()
    found = [(each.to[0], each.subject) for each in mail.outbox]
    mail.outbox.clear()
    return found


def subject(percent):
    return f"{percent} % of a day's requests of Acme are used"


def test_below_80_percent_nobody_is_mailed(key):
    use(key, 79)
    assert told() == []


def test_80_and_100_percent_are_told_once_each(alice, key):
    email = alice.user.email
    for charged, mails in (
        (80, [(email, subject(80))]),
        (99, []),
        (100, [(email, subject(100))]),
        (120, []),
    ):
        use(key, charged)
        assert told() == mails, charged


def test_the_mail_says_which_credential_and_how_much(key):
    use(key, 85)
    announce()
    outbox.deliver_due()
    [letter] = mail.outbox
    assert f"CI ({key.public_id}) has used 85 of 100 requests." in letter.body
    assert "00:00 UTC" in letter.body
    assert "/settings/usage" in letter.body


def test_who_reaches_100_at_once_is_not_told_of_80_later(alice, key):
    use(key, 100)
    assert told() == [(alice.user.email, subject(100))]
    assert told() == []


def test_active_owners_and_admins_are_told_and_nobody_else(alice, bob, key):
    admin = person("ann@acme.test", alice.organization, Role.ADMIN)
    resting = person("rest@acme.test", alice.organization, Role.ADMIN)
    resting.membership.is_active = False
    resting.membership.save()
    person("view@acme.test", alice.organization, Role.VIEWER)
    use(key, 80)
    addresses = {address for address, _ in told()}
    assert addresses == {alice.user.email, admin.user.email}


def test_credentials_that_get_there_together_share_a_mail(alice, issue, key):
    use(key, 80)
    use(issue("scans_read")[0], 90)
    assert told() == [(alice.user.email, subject(80))]
    assert UsageAlert.objects.count() == 2


def test_who_makes_many_small_keys_floods_nobody(alice, issue, key, clock):
    clock.move_to(timezone.now().replace(hour=12))
    use(key, 80)
    assert told() == [(alice.user.email, subject(80))]
    for _ in range(3):
        use(issue("scans_read")[0], 80)
        assert told() == []
    clock.shift(timedelta(hours=1))
    assert told() == [(alice.user.email, subject(80))]
    assert UsageAlert.objects.count() == 4


def test_a_long_list_is_cut(issue, key):
    for _ in range(alerts.MOST_NAMED + 2):
        use(issue("scans_read")[0], 80)
    announce()
    outbox.deliver_due()
    [letter] = mail.outbox
    assert letter.body.count("has used") == alerts.MOST_NAMED
    assert "And 2 more." in letter.body


def test_the_next_day_begins_anew(alice, key):
    use(key, 100, day=timezone.now().date() - timedelta(days=1))
    assert told() == []
    use(key, 80)
    assert told() == [(alice.user.email, subject(80))]


def test_a_key_is_measured_by_its_own_smaller_quota(alice, key):
    ApiKey.objects.filter(pk=key.pk).update(daily=10)
    use(key, 9)
    assert told() == [(alice.user.email, subject(80))]


def test_without_a_daily_quota_nothing_is_told(issue):
    use(issue("scans_read")[0], 10**9)
    assert told() == []


def test_an_organization_chooses_what_it_hears_of(alice, key):
    choose(alice.organization, [100], by=SYSTEM)
    use(key, 80)
    assert told() == []
    use(key, 100)
    assert told() == [(alice.user.email, subject(100))]
    choose(alice.organization, [], by=SYSTEM)
    Usage.objects.all().delete()
    UsageAlert.objects.all().delete()
    use(key, 100)
    assert told() == []


def test_what_is_chosen_is_audited_and_a_repeat_is_not(alice, events):
    choose(alice.organization, [100, 55], by=SYSTEM)
    choose(alice.organization, [100], by=SYSTEM)
    alice.organization.refresh_from_db()
    assert alice.organization.alert_percents == [100]
    assert events().count("organization.alerts_changed") == 1


def test_two_processes_at_once_send_one_mail(alice, key, crowd):
    use(key, 80)
    results = crowd(announce, times=8, threads=4)
    outbox.deliver_due()
    assert sum(results) == 1
    assert [each.to for each in mail.outbox] == [[alice.user.email]]


def test_the_look_costs_the_same_for_many_credentials(
    issue, key, django_assert_max_num_queries
):
    for _ in range(30):
        use(issue("scans_read")[0], 10)
    with django_assert_max_num_queries(4):
        assert announce() == 0


def test_alerts_of_days_gone_by_are_deleted(key):
    use(key, 80)
    announce()
    UsageAlert.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert pruning.slice()["usage_alerts"] == 1
    assert not UsageAlert.objects.exists()
