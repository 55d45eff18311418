"""Settings > Usage & limits: what was used, how full the limits are, the alerts."""

import csv
import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from accounts.models import Organization
from accounts.roles import Role
from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.models import Usage
from tests.cast import person, send
from tests.surfing import surf

PAGE = "/settings/usage"
SCANS = "/api/v1/scans"


@pytest.fixture
def browser(alice):
    return surf(alice)


def read(browser, query=""):
    usage.recorder.flush()
    answer = browser.get(PAGE + query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def cells(html, name):
    """The cells of a row, by their labels."""
    row = next(each for each in html.split("<tr>") if name in each)
    found = re.findall(r'<td data-label="([^"]+)"[^>]*>(.*?)</td>', row, re.DOTALL)
    return {label: re.sub(r"<[^>]+>", "", text).split() for label, text in found}


def limited_to(organization, **numbers):
    Organization.objects.filter(pk=organization.pk).update(**numbers)


def test_it_says_the_plan_and_what_holds(browser):
    html = read(browser)
    assert "Plan: Enterprise" in html
    assert "<dd>2,000</dd>" in html
    assert "<dd>500</dd>" in html
    assert "unlimited" in html
    assert "No requests in these days" in html


def test_it_shows_how_full_the_windows_of_a_key_are_now(
    alice, issue, call, browser, standing_limits
):
    limited_to(alice.organization, per_minute=9, burst=3, daily=12)
    key = issue("scans_read", name="Deploy")[1]
    for _ in range(3):
        call(key)
    call(key)
    told = cells(read(browser), "Deploy")
    assert told["This minute"] == ["3", "/", "9"]
    assert told["Burst"] == ["used", "up", "/", "3"]
    assert told["Today"] == ["3", "/", "12"]
    assert (told["Requests"], told["429"], told["Refused"]) == (["4"], ["1"], ["0"])


def test_looking_costs_the_key_nothing(alice, issue, call, browser, standing_limits):
    key = issue("scans_read")[1]
    before = call(key)["X-RateLimit-Remaining"]
    read(browser)
    assert int(call(key)["X-RateLimit-Remaining"]) == int(before) - 1


def test_it_draws_the_days_and_says_them_in_a_table(alice, issue, call, browser):
    key = issue("scans_read")[1]
    call(key)
    call(key, "POST", SCANS, {"scope": "x"})
    html = read(browser)
    assert 'class="chart chart-bars"' in html
    # The day, its requests, and those let in, over the limit and refused.
    numbers = "".join(f"<td>{number}</td>" for number in (2, 1, 0, 1))
    assert f'<th scope="row">{timezone.now():%Y-%m-%d}</th>{numbers}' in html
    assert "<code>GET /api/v1/scans</code>" in html


def test_days_and_environment_are_chosen_in_the_address(alice, browser):
    today, whole = timezone.now().date(), alice.organization.public_id
    for back, environment, requests in (
        (0, "live", 5),
        (10, "live", 7),
        (0, "test", 9),
    ):
        Usage.objects.create(
            credential=whole,
            kind="organization",
            organization=whole,
            environment=environment,
            day=today - timedelta(days=back),
            requests=requests,
            allowed=requests,
        )
    for query, total in (
        ("", 21),
        ("?days=7", 14),
        ("?days=7&environment=live", 5),
        ("?environment=test", 9),
        ("?days=9999&environment=%00", 21),
    ):
        assert f"let in {total} ·" in read(browser, query), query


def test_the_answer_at_the_limit_is_the_real_one(
    alice, issue, call, browser, standing_limits
):
    limited_to(alice.organization, per_minute=2, burst=2, daily=100)
    shown = unescape(
        re.search(r"<pre[^>]*>(HTTP.*?)</pre>", read(browser), re.DOTALL)[1]
    )
    head, _, body = shown.partition("\n\n")
    key = issue("scans_read")[1]
    ApiKey.objects.update(burst=None)
    answers = [call(key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert head.startswith("HTTP/1.1 429 Too Many Requests")
    told, real = json.loads(body), answers[2].json()
    assert told.keys() == real.keys()
    for name in ("type", "title", "status", "code", "detail"):
        assert told[name] == real[name]
    named = dict(line.split(": ", 1) for line in head.strip().splitlines()[1:])
    assert named["RateLimit-Policy"] == answers[2]["RateLimit-Policy"]
    assert all(name in answers[2].headers for name in named)


def test_a_member_sees_the_sums_and_only_their_own_by_name(alice, bob, issue, call):
    call(issue("scans_read", name="Hidden")[1])
    call(issue("scans_read", owner=bob, name="Mine")[1])
    html = read(surf(bob))
    assert "let in 2 ·" in html
    assert "Mine" in html
    assert "Hidden" not in html
    usage.recorder.flush()
    for form in ("csv", "json"):
        assert "Hidden" not in surf(bob).get(f"{PAGE}?format={form}").content.decode()


def test_a_stranger_sees_nothing_of_it(alice, carol, issue, call, client):
    call(issue("scans_read", name="Hidden")[1])
    assert "Hidden" not in read(surf(carol))
    assert "No requests in these days" in read(surf(carol))
    assert client.get(PAGE)["Location"].startswith("/login")


def test_it_is_exported_by_day_and_credential(alice, issue, call, browser):
    api_key, key = issue("scans_read", name="=Deploy")
    call(key)
    usage.recorder.flush()
    [told] = json.loads(browser.get(f"{PAGE}?format=json").content)["data"]
    assert (told["credential"], told["name"]) == (api_key.public_id, "=Deploy")
    table = browser.get(f"{PAGE}?format=csv&days=7").content.decode()
    [row] = csv.DictReader(table.splitlines())
    assert (row["name"], row["requests"]) == ("'=Deploy", "1")


@pytest.mark.parametrize(("ticked", "kept"), [(["100"], [100]), ([], []), (["7"], [])])
def test_alerts_are_switched(alice, browser, ticked, kept):
    assert read(browser).count(" checked") == 2
    answer = browser.post(f"{PAGE}/alerts", {"alert_percents": ticked})
    assert answer["Location"] == PAGE
    alice.organization.refresh_from_db()
    assert alice.organization.alert_percents == kept
    assert read(browser).count(" checked") == len(kept)


def test_only_who_may_read_usage_switches_alerts(alice, bob, client):
    member = surf(bob)
    assert "Save the alerts" not in read(member)
    assert "80 % · 100 %" in read(member)
    assert member.post(f"{PAGE}/alerts").status_code == 403
    assert client.post(f"{PAGE}/alerts")["Location"].startswith("/login")
    assert surf(alice).get(f"{PAGE}/alerts").status_code == 405
    alice.organization.refresh_from_db()
    assert alice.organization.alert_percents == [80, 100]


def test_a_viewer_of_the_other_product_sees_it_too(nadia):
    viewer = surf(person("vera@nett.test", nadia.organization, Role.VIEWER))
    html = read(viewer)
    assert "Plan: Starter" in html
    assert send("GET", "/healthz").status_code == 200


def test_a_hostile_name_is_text(alice, issue, call, browser):
    call(issue("scans_read", name="<img src=x>")[1])
    assert "<img src=x>" not in read(browser)


def test_it_costs_the_same_for_many_credentials(
    alice, issue, call, browser, django_assert_max_num_queries
):
    for _ in range(25):
        call(issue("scans_read")[1])
    usage.recorder.flush()
    with django_assert_max_num_queries(9):
        html = read(browser, "?days=90")
    assert len(html.encode()) < 30_000


def test_ninety_days_of_many_credentials_are_a_light_page(alice, issue, browser):
    today, whole = timezone.now().date(), alice.organization.public_id
    keys = [issue("scans_read", name=f"Scanner {each}")[0] for each in range(20)]
    used = [(whole, "organization"), *((key.public_id, "api_key") for key in keys)]
    Usage.objects.bulk_create(
        Usage(
            credential=credential,
            kind=kind,
            organization=whole,
            environment="live",
            day=today - timedelta(days=back),
            requests=10_000 + back * 7 % 90,
            allowed=9_000,
            limited=700 + back,
            details={"endpoints": {f"GET /things/{each}": 9 for each in range(20)}},
        )
        for credential, kind in used
        for back in range(90)
    )
    page = read(browser, "?days=90")
    assert page.count("<bdi>Scanner ") == 15
    assert len(page.encode()) <= 30_000
