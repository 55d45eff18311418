"""Whose request it is, behind proxies and among liars."""

from ipaddress import ip_network

import pytest

from ratelimits.addresses import client_address, network

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]


def seen(peer, forwarded=None, trusted=TRUSTED):
    meta = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        meta["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_address(meta, trusted)


def test_without_trusted_proxies_no_header_counts():
    assert seen("198.51.100.1", "203.0.113.9", trusted=[]) == "198.51.100.1"
    assert seen("10.0.0.1", "203.0.113.9", trusted=[]) == "10.0.0.1"


def test_a_header_from_a_stranger_does_not_count():
    assert seen("198.51.100.1", "203.0.113.9") == "198.51.100.1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("6.6.6.6,203.0.113.9,10.1.1.1,2001:db8:ffff::5", "203.0.113.9"),
        ("10.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_trusted_proxy_is_believed_from_the_right(forwarded, client):
    assert seen("10.0.0.1", forwarded) == client


@pytest.mark.parametrize("rubbish", ["", "unknown", "-", "1.2.3", "<b>", "9" * 60_000])
def test_what_cannot_be_read_ends_the_walk_at_the_last_good_address(rubbish):
    assert seen("10.0.0.1", rubbish) == "10.0.0.1"
    assert seen("10.0.0.1", f"6.6.6.6, {rubbish}, 10.1.1.1") == "10.1.1.1"


def test_a_trusted_peer_without_the_header_is_the_client():
    assert seen("10.0.0.1") == "10.0.0.1"


@pytest.mark.parametrize("peer", ["", "unix:", "/run/doorward.sock", "localhost"])
def test_a_peer_without_an_address_shares_one_bucket(peer):
    assert seen(peer, "203.0.113.9") == "unknown"
    assert client_address({}, TRUSTED) == "unknown"


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("203.0.113.9:5678", "203.0.113.9"),
        ("[::1]:443", "::1"),
        ("[::1]", "::1"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:0DB8:0:0::0007", "2001:db8::7"),
    ],
)
def test_addresses_are_read_as_servers_write_them(peer, client):
    assert seen(peer) == client


def test_a_mapped_address_of_a_proxy_is_still_trusted():
    assert seen("::ffff:10.0.0.1", "203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("unknown", "unknown"),
        ("", "unknown"),
    ],
)
def test_ipv4_counts_alone_and_ipv6_by_its_64(address, counted):
    assert network(address) == counted
