"""Who may say where an organization is told of its events, and what they may say."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent, OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.webhooks import EVENTS, MOST_ENDPOINTS
from tests.accounts.hooks import LOOPBACK, WEBHOOKS, deliver, hooked

URL = "https://hooks.example.com/doorward?token=walnut"


@pytest.fixture
def webhook(alice):
    made = alice.call("POST", WEBHOOKS, {"url": URL})
    assert made.status_code == 201
    return made.json()


@pytest.fixture
def inner(settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK


def test_a_new_endpoint_is_described_and_its_secret_shown_once(alice, webhook):
    assert webhook.pop("secret").startswith("whsec_")
    assert webhook.pop("created_at").endswith("Z")
    assert webhook.pop("id").startswith("whk_")
    assert webhook == {
        "url": URL,
        "events": [],
        "description": "",
        "is_active": True,
        "created_by": alice.user.public_id,
        "previous_until": None,
    }
    listed = alice.call("GET", WEBHOOKS).json()
    assert listed["next_cursor"] is None
    assert "secret" not in listed["data"][0]


def test_a_secret_is_unreadable_at_rest(alice, webhook):
    alice.call("POST", f"{WEBHOOKS}/{webhook['id']}/rotate-secret")
    row = WebhookEndpoint.objects.get()
    for sealed in (row.sealed_secret, row.sealed_previous_secret):
        assert webhook["secret"].encode() not in bytes(sealed)
        assert b"whsec_" not in bytes(sealed)


def test_what_is_not_named_stays_when_an_endpoint_is_changed(alice, webhook):
    path = f"{WEBHOOKS}/{webhook['id']}"
    changes = {"events": ["api_key.revoked"], "description": "Alarm"}
    changed = alice.call("PATCH", path, changes).json()
    assert changed == {
        **{name: value for name, value in webhook.items() if name != "secret"},
        **changes,
    }
    assert alice.call("GET", path).json() == changed


def test_a_removed_endpoint_is_gone_with_its_log(alice, webhook):
    path = f"{WEBHOOKS}/{webhook['id']}"
    assert alice.call("POST", f"{path}/test").status_code == 202
    assert alice.call("DELETE", path).status_code == 204
    assert alice.call("GET", path).status_code == 404
    assert not WebhookDelivery.objects.exists()
    message = OutboxMessage.objects.get()
    assert message.last_error == "The endpoint was removed."
    assert message.failed_at is not None


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.com/", "http://8.8.8.8/", "ftp://example.com/x"),
        *("https://user:password@example.com/", "example.com", "https://", "//x"),
        *("https://127.0.0.1/", "http://127.0.0.1:9/", "http://localhost:9/"),
        *("https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/"),
        *("https://example.com/a b", "https://example.com/\r\nX: y", "", "x" * 501),
    ],
)
def test_an_address_that_can_never_work_is_refused_by_its_name(alice, webhook, url):
    for method, path in (
        ("POST", WEBHOOKS),
        ("PATCH", f"{WEBHOOKS}/{webhook['id']}"),
    ):
        answer = alice.call(method, path, {"url": url})
        assert answer.status_code == 400, url
        assert answer.json()["errors"][0]["field"] == "url"
    assert WebhookEndpoint.objects.get().url == URL


def test_the_demo_takes_addresses_of_its_own_machine(alice, settings):
    settings.DEMO = True
    for url in ("http://localhost:9/", "http://127.0.0.1:9/", "http://[::1]:9/"):
        assert alice.call("POST", WEBHOOKS, {"url": url}).status_code == 201
    for url in ("http://example.com/", "http://192.168.1.1/"):
        assert alice.call("POST", WEBHOOKS, {"url": url}).status_code == 400


@pytest.mark.parametrize(
    "events", [["api_key.exploded"], ["api_key.revoked"] * 2, "api_key.revoked", [1]]
)
def test_unknown_and_repeated_events_are_refused(alice, events):
    answer = alice.call("POST", WEBHOOKS, {"url": URL, "events": events})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith("events")


def test_every_event_may_be_named(alice):
    wish = {"url": URL, "events": list(EVENTS)}
    assert alice.call("POST", WEBHOOKS, wish).json()["events"] == list(EVENTS)


def test_an_organization_has_twenty_at_most(alice, carol):
    for number in range(MOST_ENDPOINTS):
        url = f"{URL}&number={number}"
        assert alice.call("POST", WEBHOOKS, {"url": url}).status_code == 201
    answer = alice.call("POST", WEBHOOKS, {"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert carol.call("POST", WEBHOOKS, {"url": URL}).status_code == 201


def places(webhook, delivery):
    """Every address that names an endpoint, with a method of it."""
    path = f"{WEBHOOKS}/{webhook['id']}"
    return [
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/rotate-secret"),
        ("POST", f"{path}/test"),
        ("GET", f"{path}/deliveries"),
        ("POST", f"{path}/deliveries/{delivery}/redeliver"),
    ]


def test_strangers_find_nothing_and_colleagues_need_the_right(
    alice, bob, carol, webhook, issue, call
):
    sent = alice.call("POST", f"{WEBHOOKS}/{webhook['id']}/test").json()["id"]
    managing = issue("api_keys_manage", environment="test")[1]
    for method, path in places(webhook, sent):
        body = {} if method == "PATCH" else None
        assert carol.call(method, path, body).status_code == 404, path
        refused = bob.call(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "insufficient_scope",
        )
        mismatch = call(managing, method, path, body)
        assert mismatch.json()["code"] == "environment_mismatch"
    assert carol.call("GET", WEBHOOKS).json()["data"] == []
    assert bob.call("GET", WEBHOOKS).status_code == 403
    assert bob.call("POST", WEBHOOKS, {"url": URL}).status_code == 403


def test_a_delivery_is_found_under_its_own_endpoint_only(alice, webhook):
    other = alice.call("POST", WEBHOOKS, {"url": URL}).json()
    sent = alice.call("POST", f"{WEBHOOKS}/{other['id']}/test").json()["id"]
    path = f"{WEBHOOKS}/{webhook['id']}/deliveries"
    assert alice.call("GET", path).json()["data"] == []
    assert alice.call("POST", f"{path}/{sent}/redeliver").status_code == 404


def test_a_key_that_may_manage_keys_manages_endpoints(alice, webhook, issue, call):
    key = issue("api_keys_manage")[1]
    path = f"{WEBHOOKS}/{webhook['id']}"
    assert call(key, "GET", path).status_code == 200
    assert call(key, "POST", WEBHOOKS, {"url": URL}).status_code == 201


def test_each_change_is_written_down_without_what_may_be_secret(alice, webhook):
    path = f"{WEBHOOKS}/{webhook['id']}"
    alice.call("PATCH", path, {"is_active": False})
    alice.call("PATCH", path, {"is_active": False})
    alice.call("POST", f"{path}/rotate-secret")
    alice.call("DELETE", path)
    rows = AuditEvent.objects.filter(action__startswith="webhook.").order_by("id")
    assert [row.action.partition(".")[2] for row in rows] == [
        *("created", "changed", "secret_rotated", "removed")
    ]
    assert {row.target for row in rows} == {webhook["id"]}
    told = "".join(str(row.details) for row in rows)
    assert "hooks.example.com" in told
    assert "walnut" not in told
    assert "whsec_" not in told


def test_no_second_test_waits_behind_the_first(alice, webhook):
    path = f"{WEBHOOKS}/{webhook['id']}/test"
    assert alice.call("POST", path).status_code == 202
    assert alice.call("POST", path).status_code == 409
    assert OutboxMessage.objects.count() == 1


def test_an_endpoint_that_is_off_gets_nothing_until_it_is_on_again(alice, inner, issue):
    with hooked(alice) as hook:
        path = f"{WEBHOOKS}/{hook.id}"
        issue("scans_read")
        alice.call("PATCH", path, {"is_active": False})
        issue("scans_read")
        assert alice.call("POST", f"{path}/test").status_code == 409
        [waiting] = alice.call("GET", f"{path}/deliveries").json()["data"]
        assert waiting["status"] == "failed"
        again = f"{path}/deliveries/{waiting['id']}/redeliver"
        assert alice.call("POST", again).status_code == 409
        deliver()
        assert hook.messages == []
        alice.call("PATCH", path, {"is_active": True})
        assert alice.call("POST", again).status_code == 202
        deliver()
        assert hook.types == ["api_key.created"]


def test_a_list_of_deliveries_is_read_page_by_page(alice, inner, clock, issue):
    with hooked(alice) as hook:
        for _ in range(3):
            issue("scans_read")
            clock.shift(timedelta(seconds=1))
        path = f"{WEBHOOKS}/{hook.id}/deliveries"
        first = alice.call("GET", f"{path}?limit=2").json()
        rest = alice.call("GET", f"{path}?cursor={first['next_cursor']}").json()
        found = [row["id"] for row in first["data"] + rest["data"]]
        assert found == sorted(found, reverse=True)
        assert len(found) == 3
