"""From which networks a key is used, and telling of one that is new."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from uuid import UUID

from django.db import transaction

from accounts.audit import SYSTEM
from apikeys import events
from apikeys.models import ApiKey, KeyNetwork

# What one site has at most: single addresses of it come and go.
PREFIX_LENGTHS = {4: 24, 6: 48}
# Who is used from more is used from everywhere: then nothing is told any more.
MOST_NETWORKS = 100


def network_of(address: str) -> str | None:
    """The network of an address, as text; none for what is no address."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    length = PREFIX_LENGTHS[found.version]
    return str(ip_network((found, length), strict=False))


def used_from(pk: UUID, addresses: Iterable[str]) -> None:
    """Note the networks of these addresses. All but the very first one of the key are
    told of. Called behind the requests, once a minute for each key."""
    seen: dict[str, str] = {}
    for address in addresses:
        network = network_of(address)
        if network is not None:
            seen.setdefault(network, address)
    if seen.keys() - _known(pk):
        _note(pk, seen)


def _note(pk: UUID, seen: dict[str, str]) -> None:
    with transaction.atomic():
        api_key = ApiKey.objects.select_related("organization").filter(pk=pk).first()
        if api_key is None:
            return
        # Two processes at once: the second one finds what the first has noted.
        api_key = ApiKey.objects.locked(api_key)
        known = _known(pk)
        new = [network for network in seen if network not in known]
        for network in new[: MOST_NETWORKS - len(known)]:
            KeyNetwork.objects.create(api_key=api_key, network=network)
            if known:
                _tell(api_key, network, seen[network])
            known.add(network)


def _tell(api_key: ApiKey, network: str, address: str) -> None:
    events.record(
        "api_key.new_network", api_key, by=SYSTEM, network=network, address=address
    )


def _known(pk: UUID) -> set[str]:
    return set(KeyNetwork.objects.filter(api_key=pk).values_list("network", flat=True))
