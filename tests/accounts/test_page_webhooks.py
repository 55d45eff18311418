"""Settings > Webhooks: add, change, switch off and remove endpoints."""

import json
import re

import pytest

from accounts.models import AuditEvent, WebhookEndpoint
from accounts.webhook_forms import NAMES
from accounts.webhooks import EVENTS, MOST_ENDPOINTS
from tests.surfing import age, surf

PAGE = "/settings/webhooks"
URL = "https://hooks.example.com/doorward?token=abc"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture
def made(alice):
    """made(person, …) -> an endpoint, by the API."""

    def make(person=alice, **wish):
        answer = person.call("POST", "/api/v1/webhooks", {"url": URL, **wish})
        assert answer.status_code == 201, answer.content
        return WebhookEndpoint.objects.get(
            pk=WebhookEndpoint.objects.with_public_id(answer.json()["id"]).get().pk
        )

    return make


def nonce_of(browser, path=f"{PAGE}/new"):
    return re.search(r'form_nonce" value="([^"]+)"', read(browser, path))[1]


def read(browser, path=PAGE):
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def add(browser, **fields):
    fields = {"url": URL, "form_nonce": nonce_of(browser), **fields}
    return browser.post(f"{PAGE}/new", fields)


def paths_of(endpoint):
    start = f"{PAGE}/{endpoint.public_id}"
    actions = ("off", "on", "rotate-secret", "test")
    return [start, f"{start}/edit", f"{start}/remove"], [
        f"{start}/{a}" for a in actions
    ]


def test_the_first_visit_says_what_webhooks_are_for(alice):
    assert "Nobody is told of anything yet" in read(surf(alice))


def test_adding_one_shows_the_secret_this_once(alice):
    browser = surf(alice)
    answer = add(browser, events=["api_key.created"], description="Our alarm")
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    [secret] = SECRET.findall(answer.content.decode())
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.events) == (URL, ["api_key.created"])
    assert endpoint.description == "Our alarm"
    for path in (PAGE, f"{PAGE}/{endpoint.public_id}"):
        assert secret not in read(browser, path)
    assert secret not in str(dict(browser.cookies))


def test_sending_the_form_again_makes_no_second_one(alice):
    browser = surf(alice)
    nonce = nonce_of(browser)
    add(browser, form_nonce=nonce)
    again = add(browser, form_nonce=nonce)
    assert again.status_code == 409
    assert not SECRET.search(again.content.decode())
    endpoint = WebhookEndpoint.objects.get()
    assert f"{PAGE}/{endpoint.public_id}" in again.content.decode()


def test_without_chosen_events_it_is_told_everything(alice):
    add(surf(alice))
    assert WebhookEndpoint.objects.get().events == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""},
        {"url": "http://inner.example.com/"},
        {"url": "https://" + "a" * 500},
        {"url": "javascript:alert(1)"},
        {"url": "https://a.example/\0"},
        {"events": ["api_key.made_up"]},
        {"events": ["api_key.created", "api_key.created"]},
        {"description": "x" * 101},
    ],
)
def test_wrong_input_says_why_and_keeps_what_was_typed(alice, wrong):
    answer = add(surf(alice), **{"description": "Our alarm", **wrong})
    assert answer.status_code == 400
    html = answer.content.decode()
    assert 'class="error"' in html
    assert "description" in wrong or "Our alarm" in html
    assert not WebhookEndpoint.objects.exists()


def test_a_form_without_its_nonce_makes_nothing(alice):
    answer = add(surf(alice), form_nonce="")
    assert answer.status_code == 400
    assert not WebhookEndpoint.objects.exists()


def test_the_page_is_as_full_as_the_rule_says(alice, made):
    browser = surf(alice)
    for _ in range(MOST_ENDPOINTS):
        made()
    assert "the most that there can be" in read(browser)
    answer = add(browser)
    assert answer.status_code == 400
    assert "Remove one first" in answer.content.decode()


def test_editing_keeps_the_secret(alice, made):
    browser, endpoint = surf(alice), made(events=["api_key.leaked"])
    path = f"{PAGE}/{endpoint.public_id}/edit"
    html = read(browser, path)
    assert re.search(r'value="api_key.leaked"[^>]* checked', html)
    fields = {"url": URL + "2", "events": EVENTS[:2], "description": "<b>Two"}
    answer = browser.post(path, fields)
    assert answer["Location"] == f"{PAGE}/{endpoint.public_id}"
    before = bytes(endpoint.sealed_secret)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == (URL + "2", list(EVENTS[:2]))
    assert bytes(endpoint.sealed_secret) == before
    assert "&lt;b&gt;Two" in read(browser)


def test_a_wrong_edit_changes_nothing(alice, made):
    browser, endpoint = surf(alice), made()
    path = f"{PAGE}/{endpoint.public_id}/edit"
    answer = browser.post(path, {"url": "ftp://x.example", "description": "Mine"})
    assert answer.status_code == 400
    assert "ftp://x.example" in answer.content.decode()
    endpoint.refresh_from_db()
    assert endpoint.url == URL


def test_it_is_switched_off_and_on(alice, made):
    browser, endpoint = surf(alice), made()
    for word, is_active in (("off", False), ("on", True)):
        answer = browser.post(f"{PAGE}/{endpoint.public_id}/{word}")
        assert answer.status_code == 302
        endpoint.refresh_from_db()
        assert endpoint.is_active is is_active


def test_a_new_secret_is_shown_once_and_a_repeat_makes_no_other(alice, made):
    browser, endpoint = surf(alice), made()
    page = f"{PAGE}/{endpoint.public_id}"
    body = {"form_nonce": nonce_of(browser, page)}
    answer = browser.post(f"{page}/rotate-secret", body)
    assert SECRET.search(answer.content.decode())
    endpoint.refresh_from_db()
    sealed = bytes(endpoint.sealed_secret)
    assert endpoint.previous_until is not None
    again = browser.post(f"{page}/rotate-secret", body)
    assert again.status_code == 409
    assert not SECRET.search(again.content.decode())
    endpoint.refresh_from_db()
    assert bytes(endpoint.sealed_secret) == sealed


def test_removing_asks_first(alice, made):
    browser, endpoint = surf(alice), made()
    path = f"{PAGE}/{endpoint.public_id}/remove"
    assert "cannot be undone" in read(browser, path)
    assert WebhookEndpoint.objects.exists()
    assert browser.post(path)["Location"] == PAGE
    assert not WebhookEndpoint.objects.exists()
    assert browser.post(path).status_code == 404


def test_a_get_changes_nothing(alice, made):
    browser, endpoint = surf(alice), made()
    pages, actions = paths_of(endpoint)
    before = AuditEvent.objects.count()
    for path in actions:
        assert browser.get(path).status_code == 405, path
    for path in [*pages, PAGE, f"{PAGE}/new"]:
        assert browser.get(path).status_code == 200, path
    assert AuditEvent.objects.count() == before


def test_strangers_colleagues_and_the_signed_out_reach_none(
    alice, bob, carol, made, client
):
    pages, actions = paths_of(made())
    stranger, member = surf(carol), surf(bob)
    for path in [*pages, *actions]:
        verb = "post" if path in actions else "get"
        assert getattr(stranger, verb)(path).status_code == 404, path
        assert getattr(member, verb)(path).status_code == 403, path
        away = getattr(client, verb)(path)
        assert (away.status_code, away["Location"][:12]) == (302, "/login?next="), path
    assert [e.is_active for e in WebhookEndpoint.objects.all()] == [True]


def test_after_a_while_it_asks_who_it_is_before_it_mints_or_destroys(alice, made):
    browser, endpoint = surf(alice), made()
    nonce = nonce_of(browser)
    age(browser.session_row)
    start = f"{PAGE}/{endpoint.public_id}"
    for path in (f"{PAGE}/new", f"{start}/rotate-secret", f"{start}/remove"):
        answer = browser.post(path, {"url": URL, "form_nonce": nonce})
        assert "Confirm it is you" in answer.content.decode(), path
    assert WebhookEndpoint.objects.count() == 1
    right = {"url": URL, "form_nonce": nonce, "confirm_password": alice.password}
    assert browser.post(f"{PAGE}/new", right).status_code == 201


def test_every_post_wants_its_token(alice, made):
    browser, endpoint = surf(alice), made()
    browser.handler.enforce_csrf_checks = True
    pages, actions = paths_of(endpoint)
    for path in [*pages[1:], *actions, f"{PAGE}/new"]:
        assert browser.post(path, {"url": URL}).status_code == 403, path
    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_every_event_is_said_in_words(alice):
    assert NAMES.keys() == set(EVENTS)
    html = read(surf(alice), f"{PAGE}/new")
    for event, words in NAMES.items():
        assert f"{words} <code>{event}</code>" in html


def test_the_list_is_exported(alice, made):
    browser, endpoint = surf(alice), made(description="=1+1")
    told = json.loads(browser.get(f"{PAGE}?format=json").content)["data"]
    assert [each["id"] for each in told] == [endpoint.public_id]
    table = browser.get(f"{PAGE}?format=csv")
    assert table["Content-Type"].startswith("text/csv")
    assert "'=1+1" in table.content.decode()
    assert "whsec_" not in table.content.decode()


def test_the_list_costs_the_same_for_many(alice, made, django_assert_max_num_queries):
    browser = surf(alice)
    for _ in range(8):
        made()
        read(browser)
    with django_assert_max_num_queries(5):
        read(browser)
