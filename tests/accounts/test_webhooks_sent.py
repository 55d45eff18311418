"""What arrives at an endpoint: signed, once in the good case, and again until it does.

The receivers are real ones, on loopback; they check signatures by code of their own.
"""

import pytest
from django.db import transaction

from accounts import outbox, sealing, webhook_sending
from accounts.models import AuditEvent, OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.outbox import PAUSES
from tests.accounts.hooks import LOOPBACK, WEBHOOKS, deliver, hooked, signed_by


@pytest.fixture(autouse=True)
def _inner(settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK


@pytest.fixture
def hook(alice):
    with hooked(alice) as found:
        yield found


def call(person, method, path, body=None):
    """Signed in anew: the clock may have gone on since."""
    person.sign_in()
    return person.call(method, f"{WEBHOOKS}/{path}", body)


def log_of(person, hook):
    return call(person, "GET", f"{hook.id}/deliveries").json()["data"]


def send_test(person, hook):
    answer = call(person, "POST", f"{hook.id}/test")
    assert answer.status_code == 202
    return answer.json()


def test_a_test_event_arrives_signed(alice, hook):
    asked = send_test(alice, hook)
    assert (asked["status"], asked["attempts"]) == ("pending", 0)
    deliver()
    [(headers, body)] = hook.requests
    [message] = hook.messages
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == message["id"] == asked["event_id"]
    assert signed_by(hook.secret, headers, body)
    assert message["type"] == "webhook.test"
    assert message["organization"] == alice.organization.public_id
    assert message["data"] == {"webhook": hook.id}
    assert body.decode() == asked["body"]


def test_a_changed_body_and_another_secret_do_not_fit_the_signature(alice, hook):
    send_test(alice, hook)
    deliver()
    [(headers, body)] = hook.requests
    assert not signed_by(hook.secret, headers, body + b" ")
    assert not signed_by("whsec_" + "A" * 44, headers, body)


def test_the_signature_is_the_one_of_the_standards_own_example(alice, hook):
    """The test vector that the libraries of Standard Webhooks share."""
    endpoint = WebhookEndpoint.objects.get()
    secret = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    endpoint.sealed_secret = sealing.seal(secret, context=endpoint.context)
    found = webhook_sending.signatures(
        endpoint, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_for_a_day_after_a_rotation_both_secrets_sign(alice, hook, clock):
    rotated = call(alice, "POST", f"{hook.id}/rotate-secret").json()
    assert rotated["secret"] != hook.secret
    assert rotated["previous_until"] is not None
    for hours, old_signs in ((0, True), (23.9, True), (0.2, False)):
        clock.shift(hours * 3600)
        send_test(alice, hook)
        deliver()
        headers, body = hook.requests[-1]
        assert signed_by(rotated["secret"], headers, body)
        assert signed_by(hook.secret, headers, body) is old_signs
        assert len(headers["webhook-signature"].split()) == 1 + old_signs


def test_an_endpoint_that_fails_gets_the_same_event_later(alice, hook, clock):
    hook.statuses = [500, 302, 204]
    send_test(alice, hook)
    for attempt, pause in enumerate(PAUSES[:2], 1):
        deliver()
        [row] = log_of(alice, hook)
        assert (row["status"], row["attempts"]) == ("pending", attempt)
        assert row["error"] == f"The endpoint answered {row['response_status']}."
        assert row["next_attempt_at"] is not None
        clock.shift(pause)
    deliver()
    [row] = log_of(alice, hook)
    assert (row["status"], row["attempts"], row["error"]) == ("delivered", 3, "")
    assert (row["response_status"], row["next_attempt_at"]) == (204, None)
    assert row["response_ms"] >= 0
    headers = [each for each, _ in hook.requests]
    assert len({each["webhook-id"] for each in headers}) == 1
    assert len({each["webhook-timestamp"] for each in headers}) == 3
    assert all(signed_by(hook.secret, *request) for request in hook.requests[-1:])


def test_an_endpoint_that_is_away_is_tried_for_a_day_and_given_up(alice, hook, clock):
    call(alice, "PATCH", hook.id, {"url": "http://127.0.0.1:9/"})
    send_test(alice, hook)
    for pause in PAUSES:
        deliver()
        assert log_of(alice, hook)[0]["status"] == "pending"
        clock.shift(pause)
    deliver()
    [row] = log_of(alice, hook)
    assert (row["status"], row["attempts"]) == ("failed", len(PAUSES) + 1)
    assert "refused" in row["error"]
    assert row["response_status"] is None


def test_a_failed_delivery_can_be_sent_again_under_its_id(alice, hook, clock):
    hook.statuses = [500] * (len(PAUSES) + 1)
    send_test(alice, hook)
    for pause in (*PAUSES, PAUSES[0]):
        deliver()
        clock.shift(pause)
    [row] = log_of(alice, hook)
    assert row["status"] == "failed"
    path = f"{hook.id}/deliveries/{row['id']}/redeliver"
    assert call(alice, "POST", path).json()["status"] == "pending"
    deliver()
    assert log_of(alice, hook)[0]["status"] == "delivered"
    # And once more, although it has arrived.
    assert call(alice, "POST", path).status_code == 202
    deliver()
    assert {message["id"] for message in hook.messages} == {row["event_id"]}
    assert len(hook.messages) == len(PAUSES) + 3


def test_who_asks_again_while_it_is_being_tried_sends_it_once(alice, hook, clock):
    hook.statuses = [500]
    sent = send_test(alice, hook)
    deliver()
    path = f"{hook.id}/deliveries/{sent['id']}/redeliver"
    for _ in range(3):
        assert call(alice, "POST", path).status_code == 202
    deliver()
    assert len(hook.messages) == 2
    assert OutboxMessage.objects.count() == 1


def test_an_endpoint_that_is_gone_is_switched_off(alice, hook, issue):
    hook.statuses = [410]
    issue("scans_read")
    send_test(alice, hook)
    deliver()
    assert len(hook.messages) == 1
    found = call(alice, "GET", hook.id).json()
    assert found["is_active"] is False
    assert {row["status"] for row in log_of(alice, hook)} == {"failed"}
    event = AuditEvent.objects.get(action="webhook.switched_off")
    assert (event.actor, event.target) == ("system", hook.id)


def test_what_was_written_while_it_was_switched_off_does_not_wait(alice, hook, issue):
    issue("scans_read")
    WebhookEndpoint.objects.update(is_active=False)
    deliver()
    [told] = log_of(alice, hook)
    assert (told["status"], told["error"]) == (
        "failed",
        "The endpoint was switched off.",
    )
    assert hook.messages == []


def test_an_endpoint_that_moved_into_an_inner_network_is_not_asked(
    alice, hook, settings
):
    send_test(alice, hook)
    settings.OUTBOUND_NETWORKS = ()
    deliver()
    assert hook.messages == []
    assert "not on the public internet" in log_of(alice, hook)[0]["error"]


def test_a_change_that_was_undone_is_not_told_of(alice, hook, issue):
    with transaction.atomic():
        issue("scans_read")
        transaction.set_rollback(True)
    deliver()
    assert hook.messages == []
    assert not WebhookDelivery.objects.exists()


@pytest.mark.slow
def test_many_that_deliver_at_once_send_each_event_once(alice, hook, issue, crowd):
    for _ in range(20):
        issue("scans_read")
    crowd(outbox.deliver_due, times=32)
    assert len(hook.messages) == 20
    assert len({message["id"] for message in hook.messages}) == 20
