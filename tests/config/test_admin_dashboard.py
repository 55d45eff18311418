"""What operators see first: numbers that are true, and what needs them."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import outbox
from accounts.audit import SYSTEM
from accounts.models import Organization, OutboxMessage
from apikeys import leaks
from apikeys.leaks import Leak
from apikeys.models import ApiKey
from tests.cast import founder, send
from tests.operating import operate


@pytest.fixture
def browser(carol):
    return operate(carol)


@pytest.fixture
def seen(browser):
    """seen() -> the numbers of the tiles, by their labels, and what needs somebody."""

    def read():
        page = browser.get("/admin/").content.decode()
        pattern = r"<dt>(?:<a[^>]*>)?([^<]+).*?<strong>([^<]+)"
        found = re.findall(pattern, page.partition(' tiles"')[2], re.DOTALL)
        needs = page.partition('id="needs"')[2].partition("</section>")[0]
        return dict(found), needs

    return read


def test_tenants_and_keys_are_counted(seen, alice, issue):
    soon = timezone.now() + timedelta(days=2)
    issue("scans_read", expires_at=soon)
    issue("scans_read")
    ApiKey.objects.filter(pk=issue("scans_read")[0].pk).revoke("other")
    numbers, _needs = seen()
    assert numbers["Organizations"] == "2"
    assert numbers["Active keys"] == "2"
    assert numbers["Keys that expire"] == "1"


def test_traffic_is_that_of_today(seen, issue):
    key = issue("scans_read", limits={"burst": 1, "per_minute": 3})[1]
    codes = [send("GET", "/api/v1/scans", X_API_KEY=key).status_code for _ in range(4)]
    limited = codes.count(429)
    assert limited
    numbers, _needs = seen()
    assert numbers["Answered with 429"] == f"{100 * limited / 4:.1f} %"
    assert float(numbers["Verifications per minute"]) >= 0


def test_failed_sign_ins_are_counted(seen, alice):
    before = int(seen()[0]["Failed sign-ins"].replace(",", ""))
    body = {"email": alice.user.email, "password": "wrong"}
    send("POST", "/api/v1/auth/login", body)
    assert int(seen()[0]["Failed sign-ins"].replace(",", "")) == before + 1


def test_who_has_no_second_factor_is_counted(seen, alice, bob):
    numbers, needs = seen()
    assert numbers["People without a second factor"] == "3"
    assert "Operators without a second factor: 1." in needs


def test_a_message_that_waits_is_the_lag(seen, alice):
    assert seen()[0]["Outbox lag"] == "0 s"
    message = outbox.post("mail", {}, organization=alice.organization)
    then = timezone.now() - timedelta(minutes=10)
    OutboxMessage.objects.filter(pk=message.pk).update(created_at=then)
    numbers, needs = seen()
    assert 600 <= int(numbers["Outbox lag"].removesuffix(" s")) < 660
    assert "no worker runs" in needs
    OutboxMessage.objects.update(failed_at=timezone.now())
    assert "Messages that were given up: 1." in seen()[1]


def test_leaks_and_lost_plans_need_somebody(seen, alice, issue):
    leaks.report([Leak(issue("scans_read")[1])], by=SYSTEM)
    Organization.objects.filter(pk=alice.organization.pk).update(plan_slug="gone")
    _numbers, needs = seen()
    assert "leaked in 7 days: 1." in needs
    assert "is in no product file: 1." in needs


def test_its_statements_do_not_grow(browser, issue, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        browser.get("/admin/")
    for number in range(8):
        issue("scans_read")
        founder(f"o{number}@x.test", f"X {number}", product="netrecon", plan="starter")
    with django_assert_max_num_queries(20):
        page = browser.get("/admin/").content
    assert len(page) < 30_000
