"""Requests of ours to addresses that others chose, kept away from inner networks.

The host is looked up once, every address of it is judged, and the connection goes to
one that was judged: another answer of the name server a moment later changes nothing.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings

from accounts.outbox import Undelivered
from ratelimits.addresses import Address

SECONDS = 3.0
MOST_BYTES = 4096
PORTS = {"https": 443, "http": 80}
INTERIM = re.compile(rb"HTTP/1\.[01] 1[0-9]{2}\b")
STATUS = re.compile(rb"HTTP/1\.[01] ([2-9][0-9]{2})\b")
END_OF_HEAD = b"\r\n\r\n"
# All IPv6 that is assigned to hosts of the internet (RFC 4291 2.4). Mapped addresses
# and those of NAT64 are not in it.
GLOBAL_UNICAST = ip_network("2000::/3")
# What `is_global` lets through in one version of Python or another: protocol
# assignments, documentation, and the tunnels that carry an IPv4 address inside.
NOT_PUBLIC = [
    ip_network(network)
    for network in (
        *("192.0.0.0/24", "192.88.99.0/24"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, read from its address."""

    parts: SplitResult
    host: str
    port: int

    @property
    def is_secure(self) -> bool:
        return self.parts.scheme == "https"

    @property
    def path(self) -> str:
        query = f"?{self.parts.query}" if self.parts.query else ""
        return f"{self.parts.path or '/'}{query}"


@dataclass(frozen=True, slots=True)
class Content:
    """What is sent: the body, its type, and the headers that belong to it."""

    body: bytes
    type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def post_form(url: str, fields: dict[str, str]) -> int:
    """POST a form. As `post`."""
    body = urlencode(fields).encode()
    return post(url, Content(body, "application/x-www-form-urlencoded"))


def post(url: str, content: Content) -> int:
    """POST it. The answer is the status, whatever it is: no redirect is followed.

    Raises Undelivered or OSError. It takes five seconds at most.
    """
    until = time.monotonic() + SECONDS
    target = _target(url)
    addresses = _addresses(target, until)
    with _connection(target, addresses, until) as connection:
        connection.settimeout(_left(until))
        connection.sendall(_request(target, content))
        return _status(connection, until)


def refuse_hopeless(url: str) -> None:
    """Raises Undelivered, with what is wrong, for an address that nothing could ever be
    sent to. Names are not looked up: what they lead to may change."""
    target = _target(url)
    address = ip_address("127.0.0.1") if target.host == "localhost" else None
    with contextlib.suppress(ValueError):
        address = ip_address(target.host)
    if address is not None:
        _refuse(address, target)
    elif not target.is_secure:
        raise Undelivered("The address must be https.")


def host_of(url: str) -> str:
    """The part of an address that is no secret. Raises Undelivered."""
    return _target(url).host


def _target(url: str) -> Target:
    """Raises Undelivered for what is no address of a receiver."""
    printable = url.isascii() and url.isprintable() and " " not in url
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise Undelivered("The address is not a web address.") from error
    if not printable or not parts.hostname or "@" in parts.netloc:
        raise Undelivered("The address is not a web address.")
    return Target(parts, parts.hostname, port)


def _addresses(target: Target, until: float) -> list[Address]:
    """Every address of the host. Raises Undelivered where one of them is not allowed:
    a host with both kinds would be a way around."""
    found = [ip_address(text) for text in _looked_up(target, until)]
    for address in found:
        _refuse(address, target)
    return found


def _refuse(address: Address, target: Target) -> None:
    if not _is_allowed(address):
        raise Undelivered(f"{target.host} is not on the public internet.")
    if not target.is_secure and not address.is_loopback:
        raise Undelivered("The address must be https.")


def _is_allowed(address: Address) -> bool:
    if any(address in network for network in settings.OUTBOUND_NETWORKS):
        return True
    return (settings.DEMO and address.is_loopback) or is_public(address)


def is_public(address: Address) -> bool:
    """Whether it belongs to one host of the internet."""
    if any(address in network for network in NOT_PUBLIC) or address.is_multicast:
        return False
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_reserved


def _looked_up(target: Target, until: float) -> list[str]:
    """On a thread of its own, since a look-up cannot be told to hurry."""
    found: dict[str, None] = {}

    def look_up() -> None:
        # UnicodeError: a label that is empty or too long.
        with contextlib.suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(target.host, None, type=socket.SOCK_STREAM)
            found.update(dict.fromkeys(str(answer[4][0]) for answer in answers))

    thread = threading.Thread(target=look_up, name="look-up", daemon=True)
    thread.start()
    thread.join(_left(until))
    if not found:
        raise Undelivered(f"{target.host} has no address.")
    return list(found)


def _connection(
    target: Target, addresses: list[Address], until: float
) -> socket.socket:
    """To the first address that answers; with TLS for the name, not the address."""
    plain = _connect(target, addresses, until)
    if not target.is_secure:
        return plain
    plain.settimeout(_left(until))
    context = ssl.create_default_context()
    try:
        return context.wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


def _connect(target: Target, addresses: list[Address], until: float) -> socket.socket:
    refused: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((str(address), target.port), _left(until))
        except OSError as error:
            refused = error
    raise refused or Undelivered(f"{target.host} has no address.")


def _request(target: Target, content: Content) -> bytes:
    lines = (
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.parts.netloc}",
        "User-Agent: Doorward",
        "Accept: */*",
        f"Content-Type: {content.type}",
        f"Content-Length: {len(content.body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in content.headers.items()),
    )
    return "\r\n".join(lines).encode() + END_OF_HEAD + content.body


def _status(connection: socket.socket, until: float) -> int:
    """Read by hand: http.client would wait for each byte anew, and for six megabytes of
    them."""
    answer, room = b"", MOST_BYTES
    while room and END_OF_HEAD not in _final(answer):
        connection.settimeout(_left(until))
        part = connection.recv(room)
        if not part:
            break
        answer, room = answer + part, room - len(part)
    match = STATUS.match(_final(answer))
    if match is None:
        raise Undelivered("The receiver's answer is not HTTP.")
    return int(match[1])


def _final(answer: bytes) -> bytes:
    """Without interim answers, such as 103, which may come before the one that
    counts."""
    while INTERIM.match(answer) and END_OF_HEAD in answer:
        answer = answer.partition(END_OF_HEAD)[2]
    return answer


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("It took too long.")
    return left
