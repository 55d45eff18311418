"""Our own requests go where they were sent to, and never to somebody's inner network.

The receivers are real ones, on loopback.
"""

import itertools
import socket
import ssl
import time
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qsl

import pytest

from accounts import outbound
from accounts.outbound import post_form
from accounts.outbox import Undelivered
from tests.accounts.receiving import OK, certificate, receiving

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
FORM = {"logout_token": "a.b.c", "note": "& = ü"}


@pytest.fixture
def inner(settings):
    """A deployment that lists its loopback."""
    settings.OUTBOUND_NETWORKS = LOOPBACK


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(outbound, "SECONDS", 0.3)


@pytest.fixture
def name_server(monkeypatch):
    """name_server({"app.test": ["127.0.0.1"]}, …): one table for each look-up."""
    real = socket.getaddrinfo

    def answer_with(*tables):
        answers = iter(tables)

        def look_up(host, port, *args, **options):
            # What connects looks up as well, but only addresses.
            is_name = host.endswith(".test")
            return [
                found
                for address in (next(answers)[host] if is_name else [host])
                for found in real(address, port, *args, **options)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return answer_with


# What is sent


def test_a_form_arrives_and_the_status_comes_back(inner):
    with receiving(b"HTTP/1.1 204 No Content\r\n\r\n") as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hook?tenant=1"
        assert post_form(url, FORM) == 204
    first, *headers = receiver.head.split("\r\n")
    assert first == "POST /hook?tenant=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{receiver.port}" in headers
    assert "Content-Type: application/x-www-form-urlencoded" in headers
    assert dict(parse_qsl(receiver.body)) == FORM


def test_no_credential_is_sent(inner, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("default login us password hunter2")
    monkeypatch.setenv("HOME", str(tmp_path))
    with receiving() as receiver:
        post_form(f"http://127.0.0.1:{receiver.port}/", FORM)
    names = {line.partition(":")[0].lower() for line in receiver.head.splitlines()[1:]}
    assert not names & {"authorization", "cookie", "proxy-authorization"}


def test_a_proxy_of_the_environment_is_not_used(inner, monkeypatch):
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with receiving() as receiver:
        assert post_form(f"http://127.0.0.1:{receiver.port}/", FORM) == 200


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(inner, status):
    with receiving() as other:
        location = f"http://127.0.0.1:{other.port}/"
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\n\r\n".encode()
        with receiving(answer) as receiver:
            url = f"http://127.0.0.1:{receiver.port}/"
            assert post_form(url, FORM) == status
    assert len(receiver.requests) == 1
    assert other.requests == []


# TLS


def test_a_certificate_is_checked_against_the_name(inner, tmp_path, monkeypatch):
    context, trusted = certificate("localhost", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with receiving(context=context) as receiver:
        assert post_form(f"https://localhost:{receiver.port}/", FORM) == 200
        with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
            post_form(f"https://127.0.0.1:{receiver.port}/", FORM)


def test_a_certificate_that_nobody_trusts_is_refused(inner, tmp_path):
    context, _trusted = certificate("localhost", tmp_path)
    with receiving(context=context) as receiver:
        with pytest.raises(ssl.SSLCertVerificationError):
            post_form(f"https://localhost:{receiver.port}/", FORM)
        assert receiver.requests == []


# Where it may go


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "0.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("198.18.0.1", "192.0.2.1", "192.0.0.1", "192.88.99.1"),
        *("[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[ff02::1]", "[fec0::1]"),
        *("[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]"),
        *("[2001::1]", "[2001:db8::1]", "[3fff::1]"),
        *("2130706433", "0x7f.1", "127.1", "017700000001", "localhost"),
    ],
)
def test_what_is_no_public_address_is_refused(host):
    with pytest.raises(Undelivered, match=r"public internet|no address"):
        post_form(f"https://{host}/", FORM)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_a_public_address_is_allowed(address):
    assert outbound.is_public(ip_address(address))


def test_a_host_with_a_public_and_an_inner_address_is_refused(name_server):
    name_server({"app.test": ["8.8.8.8", "10.0.0.1"]})
    with pytest.raises(Undelivered, match=r"app\.test is not on the public internet"):
        post_form("https://app.test/", FORM)


def test_an_inner_network_is_reached_once_it_is_listed(settings):
    with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        with pytest.raises(Undelivered):
            post_form(url, FORM)
        settings.OUTBOUND_NETWORKS = LOOPBACK
        assert post_form(url, FORM) == 200
    assert len(receiver.requests) == 1


def test_a_mapped_address_is_not_the_listed_one(inner):
    with pytest.raises(Undelivered):
        post_form("https://[::ffff:127.0.0.1]/", FORM)


def test_the_demo_may_reach_its_own_machine(settings):
    settings.DEMO = True
    with receiving() as receiver:
        assert post_form(f"http://localhost:{receiver.port}/", FORM) == 200
    with pytest.raises(Undelivered):
        post_form("http://192.168.1.1/", FORM)


def test_without_tls_only_loopback_is_reached(settings):
    settings.OUTBOUND_NETWORKS = (*LOOPBACK, ip_network("10.0.0.0/8"))
    for host in ("10.0.0.1", "8.8.8.8"):
        with pytest.raises(Undelivered, match="must be https"):
            post_form(f"http://{host}/", FORM)


def test_the_connection_goes_to_the_address_that_was_judged(inner, name_server):
    """A name server may change its mind between the two, to lead us elsewhere."""
    name_server({"app.test": ["127.0.0.1"]}, {"app.test": ["::1"]})
    with receiving() as receiver:
        url = f"http://app.test:{receiver.port}/"
        assert post_form(url, FORM) == 200
        assert f"Host: app.test:{receiver.port}" in receiver.head
        with pytest.raises(ConnectionError):
            post_form(url, FORM)


def test_the_next_address_is_tried_where_one_does_not_answer(inner, name_server):
    name_server({"app.test": ["::1", "127.0.0.1"]})
    with receiving() as receiver:
        assert post_form(f"http://app.test:{receiver.port}/", FORM) == 200


@pytest.mark.parametrize(
    "url",
    [
        *("", "app.example", "ftp://app.example/", "https://", "https:///path"),
        *("https://app.example:99999/", "https://[::1", "https://a b.example/"),
        *("https://user@app.example/", "https://user:password@app.example/"),
        *("https://app.example/\r\nX-Header: 1", "https://ünicode.example/"),
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(Undelivered, match="not a web address"):
        post_form(url, FORM)


@pytest.mark.parametrize("host", ["nobody.test", "a..b", f"{'a' * 64}.example"])
def test_a_host_without_an_address_is_told(host, name_server):
    name_server({"nobody.test": []})
    with pytest.raises(Undelivered, match="has no address"):
        post_form(f"https://{host}/", FORM)


# What comes back


def drip(connection):
    for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX: y"):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def say_nothing(connection):
    connection.recv(1)


def flood(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Header: y\r\n" * 1000)


@pytest.mark.parametrize("answer", [drip, say_nothing])
def test_a_slow_receiver_is_left_in_time(inner, hurried, answer):
    with receiving(answer) as receiver:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            post_form(f"http://127.0.0.1:{receiver.port}/", FORM)
        assert time.monotonic() - begun < 1


def test_a_name_server_that_is_slow_is_left_in_time(hurried, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    begun = time.monotonic()
    with pytest.raises(Undelivered, match="has no address"):
        post_form("https://app.test/", FORM)
    assert time.monotonic() - begun < 0.9


def test_an_endless_answer_is_read_no_further_than_its_status(inner):
    with receiving(flood) as receiver:
        assert post_form(f"http://127.0.0.1:{receiver.port}/", FORM) == 200


def test_an_answer_is_read_for_four_kilobytes_at_most(inner):
    answer = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 200 + OK
    with receiving(answer) as receiver, pytest.raises(Undelivered, match="not HTTP"):
        post_form(f"http://127.0.0.1:{receiver.port}/", FORM)


def test_an_answer_before_the_real_one_does_not_count(inner):
    with receiving(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2 + OK) as receiver:
        assert post_form(f"http://127.0.0.1:{receiver.port}/", FORM) == 200


@pytest.mark.parametrize(
    "answer", [b"", b"220 smtp ready\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_what_does_not_speak_http_has_not_taken_it(inner, answer):
    with receiving(answer) as receiver, pytest.raises(Undelivered, match="not HTTP"):
        post_form(f"http://127.0.0.1:{receiver.port}/", FORM)


def test_a_receiver_that_is_away_is_an_error(inner):
    with receiving() as gone:
        port = gone.port
    with pytest.raises(ConnectionRefusedError):
        post_form(f"http://127.0.0.1:{port}/", FORM)
