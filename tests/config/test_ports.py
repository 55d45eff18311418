"""The port of `up`."""

from __future__ import annotations

import socket

import pytest

from config import ports
from config.steps import Stop
from tests.running import free_port

# No database is involved: once is enough.
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def port():
    yield free_port()
    ports.release()


@pytest.fixture
def occupy():
    """Listen on an address, as another program would."""
    taken = []

    def listen(address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        taken.append(socket.create_server((address, port), family=family))

    yield listen
    for listener in taken:
        listener.close()


def test_a_free_port_is_taken_as_wished(port):
    assert ports.choose(port) == port


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])  # noqa: S104
def test_a_busy_port_that_was_wished_for_is_an_error_with_a_way_out(
    port, occupy, address
):
    occupy(address, port)
    with pytest.raises(Stop, match=rf"Port {port} is in use(.|\n)*up --port \d+"):
        ports.choose(port)


def test_a_busy_default_moves_to_the_next_free_port_and_says_so(
    port, occupy, monkeypatch, capsys
):
    monkeypatch.setattr(ports, "DEFAULT", port)
    occupy("127.0.0.1", port)
    moved = ports.choose(None)
    assert moved > port
    assert f"Port {port} is in use by another program; taking {moved}" in (
        capsys.readouterr().err
    )


def test_two_starts_at_once_never_get_the_same_port(port):
    assert ports.choose(port) == port
    assert not ports.hold(port)


def test_the_server_itself_may_listen_on_the_port_that_is_held(port):
    ports.choose(port)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", port))
        server.listen()


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80 ", "²"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(Exception, match="is no port"):
        ports.number(text)
