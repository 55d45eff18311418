"""A key that is used from somewhere new is told of, once for each network."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.last_used import MOST_ADDRESSES, recorder
from accounts.models import AuditEvent
from apikeys import networks
from apikeys.models import KeyNetwork
from apikeys.networks import network_of
from tests.accounts.hooks import LOOPBACK, deliver, hooked


@pytest.fixture
def use():
    """use(key, "192.0.2.1", …): used from there, then written a minute later."""

    def from_addresses(key, *addresses):
        recorder.written.clear()
        for address in addresses:
            answer = Client(REMOTE_ADDR=address).get(
                "/api/v1/scans", headers={"X-API-Key": key}
            )
            assert answer.status_code == 200
        recorder.flush()

    return from_addresses


def told():
    rows = AuditEvent.objects.filter(action="api_key.new_network").order_by("id")
    return [row.details["network"] for row in rows]


def noted():
    return list(KeyNetwork.objects.order_by("id").values_list("network", flat=True))


def test_the_first_network_is_no_news_and_each_other_one_is_once(issue, use):
    key = issue("scans_read")[1]
    use(key, "192.0.2.1")
    assert told() == []
    use(key, "192.0.2.200", "198.51.100.7", "198.51.100.8", "2001:db8:1::1")
    use(key, "198.51.100.9", "2001:db8:1:ffff::2", "192.0.2.1")
    assert told() == ["198.51.100.0/24", "2001:db8:1::/48"]
    assert noted() == ["192.0.2.0/24", *told()]


def test_it_is_told_by_webhook_and_in_the_audit_log(issue, use, alice, settings):
    settings.OUTBOUND_NETWORKS = LOOPBACK
    api_key, key = issue("scans_read")
    with hooked(alice) as hook:
        use(key, "192.0.2.1")
        use(key, "198.51.100.7")
        deliver()
        [message] = hook.messages
    assert message["type"] == "api_key.new_network"
    data = message["data"]
    assert data["id"] == api_key.public_id
    assert (data["network"], data["address"]) == ("198.51.100.0/24", "198.51.100.7")
    event = AuditEvent.objects.get(action="api_key.new_network")
    assert (event.actor, event.target) == ("system", api_key.public_id)


def test_networks_of_one_key_are_not_those_of_another(issue, use):
    first, second = issue("scans_read")[1], issue("scans_read", name="other")[1]
    use(first, "192.0.2.1")
    use(second, "198.51.100.1")
    assert told() == []
    use(second, "192.0.2.1")
    assert told() == ["192.0.2.0/24"]


def test_a_refused_key_was_used_from_nowhere(issue):
    api_key, key = issue("scans_read")
    type(api_key).objects.filter(pk=api_key.pk).revoke("other")
    Client().get("/api/v1/scans", headers={"X-API-Key": key})
    recorder.flush()
    assert noted() == []


def test_what_is_known_costs_one_look_and_no_write(issue, use):
    api_key, key = issue("scans_read")
    use(key, "192.0.2.1")
    with CaptureQueriesContext(connection) as captured:
        networks.used_from(api_key.pk, ["192.0.2.5", "192.0.2.6"])
    assert [query["sql"].split()[0] for query in captured.captured_queries] == [
        "SELECT"
    ]


def test_within_a_minute_there_is_one_look(issue, call):
    key = issue("scans_read")[1]
    call(key)
    recorder.flush()
    call(key)
    with CaptureQueriesContext(connection) as captured:
        recorder.flush()
    assert captured.captured_queries == []


def test_a_key_has_a_hundred_networks_at_most(issue):
    api_key = issue("scans_read")[0]
    many = [f"10.0.{number}.1" for number in range(networks.MOST_NETWORKS + 10)]
    networks.used_from(api_key.pk, many)
    networks.used_from(api_key.pk, ["192.0.2.1"])
    assert len(noted()) == networks.MOST_NETWORKS
    assert len(told()) == networks.MOST_NETWORKS - 1


def test_what_is_remembered_between_two_writes_is_bounded(issue):
    api_key = issue("scans_read")[0]
    for number in range(MOST_ADDRESSES + 10):
        recorder.note((type(api_key), api_key.pk), f"10.0.{number}.1")
    recorder.flush()
    assert len(noted()) == MOST_ADDRESSES


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("unknown", None),
        ("", None),
    ],
)
def test_a_network_is_a_24_or_a_48(address, network):
    assert network_of(address) == network


def test_a_key_that_is_gone_is_no_trouble(issue, db):
    api_key = issue("scans_read")[0]
    pk = api_key.pk
    api_key.delete()
    networks.used_from(pk, ["192.0.2.1"])
    assert noted() == []


@pytest.mark.slow
def test_many_that_notice_at_once_tell_once(issue, crowd):
    api_key = issue("scans_read")[0]
    networks.used_from(api_key.pk, ["192.0.2.1"])
    crowd(lambda: networks.used_from(api_key.pk, ["198.51.100.1"]), times=16)
    assert told() == ["198.51.100.0/24"]
