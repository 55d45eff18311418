"""Which networks a key may be held to, judged by where it was used from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from apikeys.networks import PREFIX_LENGTHS
from ratelimits.addresses import Network
from ratelimits.counted import Names
from ratelimits.models import Usage

# A single host, and what holds many of them. One host of IPv6 has a whole /64.
NARROW = {4: 32, 6: 64}
WIDE = PREFIX_LENGTHS
# So many hosts of one wide network are named by themselves.
MOST_HOSTS = 5


@dataclass(frozen=True, slots=True)
class Suggested:
    """Networks with their requests, the busiest first. `is_incomplete`: it was used
    from more addresses than are kept, or from one that nobody knows."""

    networks: list[tuple[Network, int]]
    is_incomplete: bool


def networks(rows: Iterable[Usage]) -> Suggested:
    """Of the requests that were let in, or refused for their speed alone."""
    let_in: Counter[str] = Counter()
    for row in rows:
        let_in.update(row.details.get("addresses", {}))
        let_in.subtract(row.details.get("turned_away", {}))
    known = {each: times for each, times in let_in.items() if _is_address(each)}
    found = sorted(_gathered(known).items(), key=lambda each: (-each[1], str(each[0])))
    return Suggested(found, is_incomplete=len(known) < len(let_in))


def _gathered(addresses: Names) -> dict[Network, int]:
    """The wide networks, each in place of its hosts where those are many."""
    hosts: dict[Network, Counter[Network]] = defaultdict(Counter)
    for address, times in addresses.items():
        if times > 0:
            hosts[_around(address, WIDE)][_around(address, NARROW)] += times
    found: dict[Network, int] = {}
    for wide, narrow in hosts.items():
        found |= narrow if len(narrow) <= MOST_HOSTS else {wide: narrow.total()}
    return found


def _around(address: str, lengths: dict[int, int]) -> Network:
    version = ip_address(address).version
    return ip_network(f"{address}/{lengths[version]}", strict=False)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
