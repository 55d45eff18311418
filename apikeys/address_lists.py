"""The address lists of keys: how they are written, and when one lies within another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from ratelimits.addresses import Network, networks_of

HOW = (
    "Use an address or a network such as 198.51.100.7, 198.51.100.0/24, 2001:db8::/32."
)
_PREFIX_LENGTH = re.compile(r"[0-9]{1,3}", re.ASCII)


def canonical(text: str) -> str:
    """The one spelling of an address or network. Raises ValueError with what to send.

    IPv6 in its short form (RFC 5952), IPv4 that is written as IPv6 as IPv4.
    """
    address, slash, length = text.partition("/")
    if "%" in address or (slash and not _PREFIX_LENGTH.fullmatch(length)):
        raise ValueError(HOW)
    try:
        network, host = networks_of((text, address))
    except ValueError:
        raise ValueError(HOW) from None
    written = str(network) if slash else str(network.network_address)
    # Which of the two was meant, the address or its network, nobody can tell.
    if host.network_address != network.network_address:
        raise ValueError(f"This is no network: use {written}, or one address.")
    return written


def networks(listed: Iterable[str]) -> tuple[Network, ...]:
    """What a stored list says."""
    return networks_of(tuple(listed))


def lie_within(listed: Iterable[str], other: Iterable[str]) -> bool:
    """Whether every address of one list is on the other. An empty list allows all."""
    inner, outer = networks(listed), merged(other)
    return bool(inner) and all(
        any(_is_part(network, whole) for whole in outer) for network in inner
    )


def merged(listed: Iterable[str]) -> list[Network]:
    """Two halves hold as much as the whole, so they count as it."""
    every = networks(listed)
    fours = [network for network in every if isinstance(network, IPv4Network)]
    sixes = [network for network in every if isinstance(network, IPv6Network)]
    return [*collapse_addresses(fours), *collapse_addresses(sixes)]


def _is_part(network: Network, whole: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(whole, IPv4Network):
        return network.subnet_of(whole)
    if isinstance(network, IPv6Network) and isinstance(whole, IPv6Network):
        return network.subnet_of(whole)
    return False
