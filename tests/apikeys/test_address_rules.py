"""A key with a list of addresses works from there only."""

from ipaddress import ip_network

import pytest

from accounts.last_used import recorder
from apikeys.models import ApiKey
from ratelimits import usage
from tests.cast import send

SCANS = "/api/v1/scans"
LISTED = ("198.51.100.0/24", "2001:db8::/32", "192.0.2.7")
PROXY = "127.0.0.1"


@pytest.fixture
def proxied(settings):
    """proxied(key, "198.51.100.1") -> the answer behind one proxy of ours."""
    settings.TRUSTED_PROXIES = (ip_network(PROXY),)

    def through(key, forwarded):
        return send("GET", SCANS, X_API_KEY=key, X_FORWARDED_FOR=forwarded)

    return through


def refused(answer, address):
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "ip_not_allowed")
    assert problem["seen_address"] == address
    assert address in problem["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "198.51.100.0",
        "198.51.100.255",
        "192.0.2.7",
        "::ffff:198.51.100.7",
        "[2001:db8::1]:443",
        "2001:db8:ffff::1%eth0",
        "198.51.100.9:4711",
    ],
)
def test_an_address_on_the_list_is_let_in(issue, proxied, address):
    key = issue("scans_read", allowed_ips=LISTED)[1]
    assert proxied(key, address).status_code == 200


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("198.51.101.0", "198.51.101.0"),
        ("192.0.2.8", "192.0.2.8"),
        ("2001:db9::1", "2001:db9::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::198.51.100.7", "::c633:6407"),
    ],
)
def test_every_other_address_is_refused_by_name(issue, proxied, address, seen):
    refused(proxied(issue("scans_read", allowed_ips=LISTED)[1], address), seen)


def test_a_forged_left_most_address_changes_nothing(issue, proxied):
    key = issue("scans_read", allowed_ips=("198.51.100.0/24",))[1]
    refused(proxied(key, "198.51.100.7, 203.0.113.9"), "203.0.113.9")
    refused(proxied(key, "198.51.100.7, 198.51.100.8, 203.0.113.9"), "203.0.113.9")
    assert proxied(key, "203.0.113.9, 198.51.100.7").status_code == 200


def test_a_peer_that_is_no_proxy_of_ours_cannot_name_another_address(issue):
    key = issue("scans_read", allowed_ips=("198.51.100.0/24",))[1]
    for name in ("X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "CF_CONNECTING_IP"):
        answer = send("GET", SCANS, X_API_KEY=key, **{name: "198.51.100.7"})
        refused(answer, "127.0.0.1")


def test_an_address_that_nobody_knows_is_on_no_list(issue, client):
    key = issue("scans_read", allowed_ips=("0.0.0.0/0", "::/0"))[1]
    answer = client.get(SCANS, headers={"X-API-Key": key}, REMOTE_ADDR="")
    refused(answer, "unknown")
    assert client.get(SCANS, headers={"X-API-Key": key}).status_code == 200


def test_a_list_of_ipv4_written_as_ipv6_is_one_of_ipv4(issue, proxied):
    key = issue("scans_read", allowed_ips=("::ffff:198.51.100.0/120",))[1]
    assert proxied(key, "198.51.100.7").status_code == 200
    assert proxied(key, "::ffff:198.51.100.7").status_code == 200
    refused(proxied(key, "198.51.101.7"), "198.51.101.7")


def test_a_list_that_cannot_be_read_lets_nobody_in(issue, call):
    api_key, key = issue("scans_read")
    for broken in (["here"], [None], ["10.0.0.0/8", ""]):
        ApiKey.objects.filter(pk=api_key.pk).update(allowed_ips=broken)
        assert call(key).status_code == 503


def test_the_list_holds_for_every_way_in(issue):
    key = issue("scans_read", "scans_write", allowed_ips=("198.51.100.0/24",))[1]
    for headers in ({"X_API_KEY": key}, {"AUTHORIZATION": f"Bearer {key}"}):
        for method, path in (("GET", SCANS), ("POST", SCANS), ("GET", "/api/v1/usage")):
            refused(send(method, path, {}, **headers), "127.0.0.1")


def test_a_dead_key_says_so_first(issue, call):
    api_key, key = issue("scans_read", allowed_ips=("198.51.100.0/24",))
    ApiKey.objects.filter(pk=api_key.pk).revoke("unused")
    assert call(key).json()["code"] == "key_revoked"


def test_a_refused_address_is_counted_and_charges_the_key_nothing(issue, alice, call):
    api_key, key = issue("scans_read", allowed_ips=("198.51.100.0/24",))
    call(key)
    numbers = counted(alice, api_key)
    assert (numbers["ip_not_allowed"], numbers["charged"]) == (1, 0)
    recorder.flush()
    api_key.refresh_from_db()
    assert api_key.last_used_at is None


def test_a_list_on_trial_lets_all_in_and_counts(issue, alice, call):
    api_key, key = issue("scans_read", allowed_ips=LISTED, ip_mode="report")
    assert call(key).status_code == 200
    numbers = counted(alice, api_key)
    assert (numbers["allowed"], numbers["ip_not_allowed"]) == (1, 0)
    told = usage_of(alice, api_key)
    assert told["reported"] == {"ip_not_allowed": 1}


def test_a_list_on_trial_does_not_count_who_is_on_it(issue, alice, call):
    listed = (PROXY,)
    api_key, key = issue("scans_read", allowed_ips=listed, ip_mode="report")
    assert call(key).status_code == 200
    counted(alice, api_key)
    assert usage_of(alice, api_key)["reported"] == {}


def counted(person, api_key):
    usage.recorder.flush()
    return usage_of(person, api_key)["totals"]


def usage_of(person, api_key):
    return person.call("GET", f"/api/v1/api-keys/{api_key.public_id}/usage").json()
