"""Whose request it is, by network address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Peers without an address (a Unix socket) share one bucket: nobody is unlimited.
UNKNOWN = "unknown"
# How an IPv6 socket shows IPv4 (RFC 4291 2.5.5.2), and how many bits that is.
MAPPED = IPv6Network("::ffff:0:0/96")


def client_address(meta: Mapping[str, str], trusted: Sequence[Network]) -> str:
    """The address that sent the request, or "unknown".

    It is the peer's, unless the peer is a trusted proxy. Then X-Forwarded-For is
    walked from the right, the end that our own proxies wrote, to the first address
    that is not trusted. What cannot be read ends the walk at the last good address.
    """
    found = _address(meta.get("REMOTE_ADDR", ""))
    # WSGI writes X_Forwarded_For and X-Forwarded-For under one name, so a spoofed one
    # cannot be told here. Trusting the peer alone protects, and that proxy has to
    # drop names with underscores.
    hops = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while found is not None and hops and _is_among(found, trusted):
        hop = _address(hops.pop())
        if hop is None:
            break
        found = hop
    return UNKNOWN if found is None else str(found)


def network(address: str) -> str:
    """The address to count by: IPv4 as it is, the /64 of IPv6, else "unknown".

    One household holds a whole /64, so single IPv6 addresses cost an attacker nothing.
    """
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return UNKNOWN if found is None else str(found)


@lru_cache(maxsize=10_000)
def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """A list of addresses and CIDR networks, read. Raises ValueError."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    """Addresses are read as IPv4 where they can be, so their networks are as well."""
    found = ip_network(text, strict=False)
    if isinstance(found, IPv6Network) and found.subnet_of(MAPPED):
        mapped = int(found.network_address) & 0xFFFF_FFFF
        return IPv4Network((mapped, found.prefixlen - MAPPED.prefixlen))
    return found


def normal(address: str) -> str | None:
    """An address in the one spelling that we write, or none for what is none."""
    found = _address(address)
    return None if found is None else str(found)


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address, as text, lies in one of them; what is none never does."""
    found = _address(address)
    return found is not None and _is_among(found, networks)


def _address(text: str) -> Address | None:
    """Read an address as proxies write it: with a port, brackets or a zone."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket bound to :: shows IPv4 clients as ::ffff:1.2.3.4, all in one /64.
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
