"""GET /api/v1/api-keys/{key_id}/suggested-ips: a list by where a key was used from."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.utils import timezone

from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.counted import REST
from ratelimits.models import Usage
from tests.apikeys.conftest import KEYS, through
from tests.cast import send


def suggested(who, api_key):
    return through(who, "GET", f"{KEYS}/{api_key.public_id}/suggested-ips")


@pytest.fixture
def used_from(alice, issue, call):
    """used_from({"192.0.2.1": 3}, turned_away={...}) -> the answer for such a key."""

    def answer(addresses, days=0, **groups):
        api_key, key = issue("scans_read")
        call(key)
        usage.recorder.flush()
        rows = Usage.objects.filter(credential=api_key.public_id)
        day = timezone.now().date() - timedelta(days=days)
        rows.update(day=day, details={"addresses": addresses, **groups})
        return suggested(alice, api_key).json()

    return answer


def networks(answer):
    return {each["network"]: each["requests"] for each in answer["networks"]}


def test_it_names_the_addresses_of_requests(alice, issue, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    api_key, key = issue("scans_read")
    for address in ("198.51.100.7", "198.51.100.7", "2001:db8::7"):
        send("GET", "/api/v1/scans", X_API_KEY=key, X_FORWARDED_FOR=address)
    answer = suggested(alice, api_key).json()
    assert answer["networks"] == [
        {"network": "198.51.100.7/32", "requests": 2},
        {"network": "2001:db8::/64", "requests": 1},
    ]
    assert answer["incomplete"] is False
    since = api_key.created_at.isoformat(timespec="milliseconds")
    assert answer["since"].rstrip("Z") == since.removesuffix("+00:00")


def test_the_list_is_one_that_the_key_can_be_given(alice, issue, call, used_from):
    answer = used_from({"127.0.0.1": 1, "2001:db8::7": 2})
    listed = list(networks(answer))
    api_key, key = issue("scans_read")
    path = f"{KEYS}/{api_key.public_id}"
    changed = alice.call("PATCH", path, {"allowed_ips": listed})
    assert changed.status_code == 200, changed.content
    assert call(key).status_code == 200


def test_five_hosts_of_a_network_are_named_and_six_are_the_network(used_from):
    five = {f"192.0.2.{number}": 1 for number in range(1, 6)}
    assert networks(used_from(five)) == {f"{each}/32": 1 for each in five}
    assert networks(used_from({**five, "192.0.2.9": 3})) == {"192.0.2.0/24": 8}


def test_a_host_of_ipv6_has_a_network_of_its_own(used_from):
    many = {f"2001:db8:0:1::{number:x}": 1 for number in range(1, 100)}
    assert networks(used_from(many)) == {"2001:db8:0:1::/64": 99}


def test_six_networks_of_ipv6_are_the_one_around_them(used_from):
    six = {f"2001:db8:1:{number}::1": 2 for number in range(6)}
    assert networks(used_from(six)) == {"2001:db8:1::/48": 12}


def test_the_busiest_come_first(used_from):
    answer = used_from({"192.0.2.1": 3, "198.51.100.1": 9, "203.0.113.1": 6})
    assert list(networks(answer).values()) == [9, 6, 3]


def test_more_addresses_than_are_kept_make_it_incomplete(used_from):
    answer = used_from({"192.0.2.1": 3, REST: 500})
    assert networks(answer) == {"192.0.2.1/32": 3}
    assert answer["incomplete"] is True


def test_a_caller_without_an_address_makes_it_incomplete(used_from):
    answer = used_from({"unknown": 3})
    assert (answer["networks"], answer["incomplete"]) == ([], True)


def test_where_a_key_was_only_refused_is_not_suggested(alice, issue, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    api_key, key = issue("scans_read")
    allowed = {"allowed_ips": ["198.51.100.0/24"]}
    ApiKey.objects.filter(pk=api_key.pk).update(**allowed)
    statuses = [
        send("GET", "/api/v1/scans", X_API_KEY=key, X_FORWARDED_FOR=address).status_code
        for address in ("198.51.100.7", "203.0.113.9")
    ]
    assert statuses == [200, 403]
    answer = suggested(alice, api_key).json()
    assert networks(answer) == {"198.51.100.7/32": 1}


def test_only_the_last_thirty_days_count(used_from):
    assert networks(used_from({"192.0.2.1": 3}, days=29)) == {"192.0.2.1/32": 3}
    assert networks(used_from({"192.0.2.1": 3}, days=30)) == {}


def test_a_key_that_was_never_used_has_none(alice, issue):
    answer = suggested(alice, issue("scans_read")[0]).json()
    assert (answer["networks"], answer["incomplete"]) == ([], False)


def test_a_colleague_without_the_right_is_refused(bob, issue, refused):
    refused(suggested(bob, issue("scans_read")[0]), 403, "insufficient_scope")


def test_a_stranger_finds_no_such_key(carol, issue, refused):
    refused(suggested(carol, issue("scans_read")[0]), 404, "not_found")


def test_a_sandbox_key_sees_no_live_key(issue, refused):
    key = issue("api_keys_manage", environment="test")[1]
    answer = suggested(key, issue("scans_read")[0])
    refused(answer, 403, "environment_mismatch")
