"""Which port the server gets: the wanted one, or the next that is free."""

from __future__ import annotations

import argparse
import errno
import socket

from config.steps import Stop, say

DEFAULT = 8000
TRIES = 100

# Bound and never listening: kept so that no other start takes the same port meanwhile.
_held: list[socket.socket] = []


def number(text: str) -> int:
    """A port as an option gives it."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (1 to 65535)")
    return int(text)


def choose(wanted: int | None) -> int:
    """The port to serve on. Only a default may move, and says so."""
    if wanted is None:
        port = next_free(DEFAULT)
        if port != DEFAULT:
            say(f"  Port {DEFAULT} is in use by another program; taking {port}.")
        return port
    if not hold(wanted):
        raise Stop(
            f"Port {wanted} is in use by another program.\n"
            f"Stop that program, or choose another port: up --port {next_free(wanted)}"
        )
    return wanted


def next_free(first: int) -> int:
    for port in range(first, min(first + TRIES, 65536)):
        if hold(port):
            return port
    raise Stop(f"No port is free from {first} on. Choose one: up --port NUMBER")


def hold(port: int) -> bool:
    """Take the port on loopback. The server may share it with us, nobody else may."""
    if _taken_on_ipv6(port):
        return False
    holder = socket.socket()
    # A port whose last connections are still closing counts as free.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if not _bind(holder, "127.0.0.1", port):
        holder.close()
        return False
    # The server binds with SO_REUSEPORT, by which two servers would share a port and
    # say nothing. Set after our bind, it admits the server and refuses other starts.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    _held.append(holder)
    return True


def release() -> None:
    """Give back every port that is held."""
    while _held:
        _held.pop().close()


def _taken_on_ipv6(port: int) -> bool:
    """`localhost` may mean ::1, so a program there would get our visitors."""
    try:
        prober = socket.socket(socket.AF_INET6)
    except OSError:
        return False
    with prober:
        prober.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        prober.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            return not _bind(prober, "::1", port)
        except Stop:
            return False


def _bind(taker: socket.socket, address: str, port: int) -> bool:
    try:
        taker.bind((address, port))
    except PermissionError as error:
        raise Stop(f"Port {port} is kept for root. Choose one from 1024 on.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise Stop(f"Port {port} on {address}: {error.strerror}.") from error
    return True
