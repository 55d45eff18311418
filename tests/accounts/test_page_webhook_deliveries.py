"""Settings > Webhooks > one of them: the log of its deliveries, tests, once more."""

import json

import pytest

from accounts import webhook_deliveries
from accounts.models import WebhookDelivery, WebhookEndpoint
from tests.accounts.hooks import LOOPBACK, deliver, hooked
from tests.surfing import surf

PAGE = "/settings/webhooks"


@pytest.fixture(autouse=True)
def _inner(settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK


@pytest.fixture
def hook(alice):
    with hooked(alice) as found:
        yield found


@pytest.fixture
def browser(alice):
    return surf(alice)


def read(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def send_test(browser, hook):
    answer = browser.post(f"{PAGE}/{hook.id}/test")
    assert answer.status_code == 302
    return answer["Location"]


def test_a_test_leads_to_its_delivery_and_arrives(browser, hook):
    path = send_test(browser, hook)
    assert "on its way" in read(browser, path)
    deliver()
    assert hook.types == ["webhook.test"]
    html = read(browser, path)
    assert "delivered" in html
    assert "200 after" in html
    assert "&quot;type&quot;: &quot;webhook.test&quot;" in html


def test_while_a_test_is_on_its_way_there_is_no_second_one(browser, hook):
    send_test(browser, hook)
    answer = browser.post(f"{PAGE}/{hook.id}/test")
    assert answer.status_code == 409
    assert "still on its way" in answer.content.decode()
    assert WebhookDelivery.objects.count() == 1


def test_the_log_tells_why_it_failed_and_it_can_be_sent_again(browser, hook):
    hook.statuses = [500]
    path = send_test(browser, hook)
    deliver()
    assert "500" in read(browser, f"{PAGE}/{hook.id}")
    assert "Why it was not delivered" in read(browser, path)
    assert browser.post(f"{path}/redeliver")["Location"] == path
    deliver()
    first, second = hook.messages
    assert first["id"] == second["id"]
    assert "delivered" in read(browser, path)


def test_a_webhook_that_is_off_sends_nothing_again(browser, hook):
    path = send_test(browser, hook)
    browser.post(f"{PAGE}/{hook.id}/off")
    assert browser.post(f"{path}/redeliver").status_code == 409
    assert browser.post(f"{PAGE}/{hook.id}/test").status_code == 409
    html = read(browser, path)
    assert "switched off" in html
    deliver()
    assert hook.messages == []


@pytest.mark.parametrize(
    ("status", "shown"),
    [("delivered", 1), ("pending", 2), ("failed", 3), ("", 6), ("odd", 6)],
)
def test_the_log_is_filtered(browser, hook, status, shown):
    made = deliveries(6)
    WebhookDelivery.objects.filter(pk=made[0].pk).update(
        delivered_at=made[0].created_at
    )
    failed = [each.pk for each in made[3:]]
    WebhookDelivery.objects.filter(pk__in=failed).update(failed_at=made[0].created_at)
    html = read(browser, f"{PAGE}/{hook.id}?status={status}")
    assert html.count('th scope="row"') == shown
    told = browser.get(f"{PAGE}/{hook.id}?status={status}&format=json")
    assert len(json.loads(told.content)["data"]) == shown


def test_a_long_log_is_read_page_by_page(browser, hook):
    deliveries(26)
    html = read(browser, f"{PAGE}/{hook.id}")
    assert html.count('th scope="row"') == 25
    assert 'rel="next"' in html
    assert len(html.encode()) < 30_000


def deliveries(number):
    endpoint = WebhookEndpoint.objects.get()
    return [
        webhook_deliveries._queue_each(
            [endpoint], "api_key.created", '{"a": 1}', event_id=f"evt_{each}"
        )[0]
        for each in range(number)
    ]


def test_what_others_wrote_into_an_event_is_shown_as_text(browser, hook):
    endpoint = WebhookEndpoint.objects.get()
    body = json.dumps({"name": "<script>alert(1)</script>"})
    [delivery] = webhook_deliveries._queue_each(
        [endpoint], "api_key.created", body, event_id="evt_1"
    )
    path = f"{PAGE}/{hook.id}/deliveries/{delivery.public_id}"
    assert "<script>alert" not in read(browser, path)


def test_a_delivery_is_reached_only_through_its_own_webhook(
    alice, bob, carol, browser, hook
):
    path = send_test(browser, hook)
    with hooked(alice) as other, hooked(carol) as far:
        delivery = path.rpartition("/")[2]
        for wrong in (other.id, far.id, "whk_none"):
            address = f"{PAGE}/{wrong}/deliveries/{delivery}"
            assert browser.get(address).status_code == 404
            assert browser.post(f"{address}/redeliver").status_code == 404
    for person, status in ((carol, 404), (bob, 403)):
        assert surf(person).get(path).status_code == status
        assert surf(person).post(f"{path}/redeliver").status_code == status
    assert browser.get(f"{path}/redeliver").status_code == 405


def test_the_log_costs_the_same_for_many(browser, hook, django_assert_max_num_queries):
    deliveries(20)
    with django_assert_max_num_queries(6):
        read(browser, f"{PAGE}/{hook.id}")
