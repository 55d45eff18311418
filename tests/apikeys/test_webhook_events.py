"""What is done to a key is told to the organization's endpoints, and to nobody else."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, WebhookDelivery
from apikeys import events
from tests.accounts.hooks import LOOPBACK, WEBHOOKS, deliver, hooked
from tests.apikeys.conftest import KEYS


@pytest.fixture(autouse=True)
def _inner(settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK


def test_the_life_of_a_key_is_told_in_its_order(alice, ask):
    with hooked(alice) as hook:
        made = ask(name="Deploy").json()
        path = f"{KEYS}/{made['id']}"
        assert alice.call("PATCH", path, {"name": "Deploy 2"}).status_code == 200
        assert alice.call("DELETE", f"{path}?reason=unused").status_code == 204
        deliver()
        created, changed, revoked = sorted(hook.messages, key=lambda each: each["id"])
    assert [each["type"] for each in (created, changed, revoked)] == [
        *("api_key.created", "api_key.changed", "api_key.revoked")
    ]
    for name in ("id", "name", "hint", "scopes", "environment", "owner", "status"):
        assert created["data"][name] == made[name]
    assert created["data"]["created_at"] == made["created_at"]
    assert created["data"]["expires_at"] is None
    assert created["data"]["actor"] == alice.user.public_id
    assert changed["data"]["before"] == {"name": "Deploy"}
    assert (changed["data"]["name"], changed["data"]["status"]) == (
        "Deploy 2",
        "active",
    )
    assert revoked["data"]["status"] == "revoked"
    assert revoked["data"]["reason"] == "unused"
    assert revoked["organization"] == alice.organization.public_id


def test_no_message_holds_a_secret(alice, ask):
    with hooked(alice) as hook:
        key = ask(name="Deploy").json()["key"]
        deliver()
        [(_, body)] = hook.requests
    assert key not in body.decode()
    assert key.rpartition("_")[2] not in json.dumps(
        list(WebhookDelivery.objects.values_list("body", flat=True))
    )


def test_an_event_has_the_id_of_its_line_in_the_audit_log(alice, issue):
    with hooked(alice) as hook:
        issue("scans_read")
        deliver()
        [message] = hook.messages
    event = AuditEvent.objects.get(action="api_key.created")
    assert message["id"] == event.public_id


def test_an_endpoint_hears_of_what_it_asked_for(alice, issue, call):
    with hooked(alice, events=["api_key.revoked"]) as some, hooked(alice) as every:
        api_key = issue("scans_read")[0]
        alice.call("DELETE", f"{KEYS}/{api_key.public_id}")
        deliver()
        assert some.types == ["api_key.revoked"]
        assert sorted(every.types) == ["api_key.created", "api_key.revoked"]
        assert {message["id"] for message in some.messages} < {
            message["id"] for message in every.messages
        }


def test_another_organization_hears_nothing(carol, issue):
    with hooked(carol) as foreign:
        issue("scans_read")
        deliver()
        assert foreign.messages == []


@pytest.mark.parametrize("step", ["finished", "cancelled"])
def test_each_step_of_a_rotation_is_a_rotation_to_receivers(alice, issue, step):
    api_key = issue("scans_read")[0]
    with hooked(alice, events=["api_key.rotated"]) as hook:
        events.record(f"api_key.rotation_{step}", api_key, by=SYSTEM)
        deliver()
        [message] = hook.messages
    assert message["type"] == "api_key.rotated"
    assert message["data"]["action"] == f"api_key.rotation_{step}"


def test_without_an_endpoint_a_change_costs_one_query_more(issue):
    api_key = issue("scans_read")[0]
    with CaptureQueriesContext(connection) as captured:
        events.record("api_key.changed", api_key, by=SYSTEM)
    statements = [query["sql"].split()[0] for query in captured.captured_queries]
    assert statements == ["INSERT", "SELECT"]


def test_what_is_no_event_of_webhooks_is_audited_only(alice, issue):
    api_key = issue("scans_read")[0]
    with hooked(alice):
        assert events.record("api_key.denied", api_key, by=SYSTEM) == []
    assert not WebhookDelivery.objects.exists()


def test_many_endpoints_cost_an_event_no_more_statements_than_one(alice, issue):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            events.record("api_key.changed", api_key, by=SYSTEM)
        return len(captured.captured_queries)

    api_key, _ = issue("scans_read")
    for number in range(1, 6):
        url = f"https://hook{number}.example.com/"
        assert alice.call("POST", WEBHOOKS, {"url": url}).status_code == 201
        if number == 1:
            for_one = statements()
    assert statements() == for_one
    assert WebhookDelivery.objects.count() == 6
