"""What reaches a running server byte by byte: repeated headers, chunks, huge heads."""

import socket

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(hammered):
    return hammered


@pytest.fixture
def key(live):
    return live.account("netrecon")["api_key"]


@pytest.fixture
def probe(live):
    """probe(b"GET / HTTP/1.1", b"Host: x") -> all that the server answers."""
    host, port = live.url.removeprefix("http://").split(":")

    def exchange(*lines, body=b""):
        head = b"\r\n".join(lines) + b"\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(head + body)
            answer = b""
            try:
                while part := connection.recv(65_536):
                    answer += part
                    if b"Connection: close" not in head and b"\r\n\r\n" in answer:
                        connection.settimeout(0.5)
            except TimeoutError:
                pass
        return answer

    return exchange


def status(answer):
    return int(answer.split(b" ", 2)[1])


WHOAMI = b"GET /api/v1/auth/whoami HTTP/1.1"
SCANS = b"POST /api/v1/scans HTTP/1.1"
HOST = b"Host: localhost"
JSON = b"Content-Type: application/json"
CLOSE = b"Connection: close"


def shown(key):
    return b"X-API-Key: " + key.encode()


def test_a_plain_request_is_answered(probe, key):
    assert status(probe(WHOAMI, HOST, shown(key), CLOSE)) == 200


def test_space_around_a_header_is_no_part_of_it(probe, key):
    padded = b"X-API-Key:   " + key.encode() + b"  \t"
    assert status(probe(WHOAMI, HOST, padded, CLOSE)) == 200


def test_two_hosts_are_refused(probe, key):
    for second in (b"Host: evil.test", HOST):
        assert status(probe(WHOAMI, HOST, second, shown(key), CLOSE)) == 400


def test_no_host_is_refused(probe, key):
    assert status(probe(WHOAMI, shown(key), CLOSE)) == 400


def test_two_credentials_of_one_header_are_refused(probe, key):
    bearer = b"Authorization: Bearer " + key.encode()
    for pair in ([shown(key)] * 2, [bearer] * 2, [shown(key), bearer]):
        answer = probe(WHOAMI, HOST, *pair, CLOSE)
        assert status(answer) == 400
        assert key.encode() not in answer


def test_a_forwarded_address_is_not_believed(probe, key):
    for name in (b"X-Forwarded-For", b"X_Forwarded_For", b"Forwarded"):
        answer = probe(WHOAMI, HOST, shown(key), name + b": 203.0.113.9", CLOSE)
        assert status(answer) == 200
    listed = probe(b"GET /api/v1/api-keys HTTP/1.1", HOST, shown(key), CLOSE)
    assert b"203.0.113.9" not in listed


SMUGGLED = b"GET /api/v1/auth/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        [b"Transfer-Encoding: chunked"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
        [b"Transfer-Encoding: xchunked", b"Content-Length: 5"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"],
        [b"Transfer-Encoding:\tchunked", b"Content-Length: 5"],
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: 5, 6"],
        [b"Content-Length: +5"],
        [b"Content-Length: 0x5"],
    ],
)
def test_framing_that_can_be_read_in_two_ways_ends_the_connection(probe, key, framing):
    answer = probe(
        SCANS, HOST, shown(key), JSON, *framing, body=b"0\r\n\r\n" + SMUGGLED
    )
    assert status(answer) in (400, 411, 501)
    assert answer.count(b"HTTP/1.1 ") == 1, "what was smuggled behind was answered too"


@pytest.mark.parametrize(
    "line",
    [
        b"X-Padding: " + b"a" * 200_000,
        b"X-API-Key: " + b"a" * 200_000,
        b"Cookie: " + b"a=b; " * 40_000,
        b"\r\n".join(b"X-%d: y" % number for number in range(500)),
    ],
)
def test_a_huge_head_is_refused_and_the_server_lives(probe, key, line):
    answer = probe(WHOAMI, HOST, line, CLOSE)
    assert not answer or status(answer) in (400, 401, 431)
    assert status(probe(WHOAMI, HOST, shown(key), CLOSE)) == 200


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"GET /api/v1/scans",
            b"GET  /api/v1/scans HTTP/1.1",
            b"\x16\x03\x01\x02\x00",
        ),
        *(
            b"G\x00T / HTTP/1.1",
            b"GET / HTTP/9.9",
            b"GET /\x01 HTTP/1.1",
            b" / HTTP/1.1",
        ),
        b"GET " + b"/" + b"a" * 70_000 + b" HTTP/1.1",
    ],
)
def test_a_broken_request_line_is_refused_and_the_server_lives(probe, key, line):
    answer = probe(line, HOST, CLOSE)
    assert not answer or 400 <= status(answer) < 506
    assert status(probe(WHOAMI, HOST, shown(key), CLOSE)) == 200


def test_a_body_that_ends_early_is_no_fault_of_ours(probe, key):
    length = b"Content-Length: 5000"
    answer = probe(
        SCANS, HOST, shown(key), JSON, length, CLOSE, body=b'{"scope": "full"'
    )
    assert not answer or status(answer) in (400, 408)
    assert status(probe(WHOAMI, HOST, shown(key), CLOSE)) == 200
