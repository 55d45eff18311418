"""README's way to run Doorward for others: its secrets, its server, its proxy."""

import os
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack

import httpx
import pytest

from tests.documents import environment_of, named
from tests.live import needs, own_services, run
from tests.running import ROOT, clean_environment, free_port

README = ROOT / "README.md"
HOST = {"Host": "auth.example.com"}
BEGUN = b"""\
POST /api/v1/auth/login HTTP/1.1\r
Host: auth.example.com\r
Content-Type: application/json\r
Content-Length: 60\r
\r
{"""
SELF_SIGNED = [
    *("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=us"),
    *("-addext", "subjectAltName=IP:127.0.0.1"),
]
# What stands around a server block on every machine, here without root's folders.
AROUND = """
daemon off;
pid %(folder)s/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    %(server)s
}
"""


@pytest.fixture
def serving(tmp_path):
    """The server for others, made and started as shown, on a port of its own."""
    kept, port = tmp_path / "kept", free_port()
    changes = {
        "/etc/doorward": str(kept),
        "--port 8000": f"--port {port}",
        ".venv/bin/": "",
    }
    with own_services() as settings:
        url = settings.get("DATABASE_URL", f"sqlite:///{tmp_path}/served.sqlite3")
        changes["postgres://doorward:password@db.example.com/doorward"] = url
        environment = environment_of(clean_environment(tmp_path))
        script = f"{named(README, 'secrets').text}\n{named(README, 'serve').text}"
        for shown, own in changes.items():
            assert shown in script
            script = script.replace(shown, own)
        process = subprocess.Popen(
            ["bash", "-euc", script.replace("\ngranian", "\nexec granian")],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield port, process
        finally:
            process.terminate()
            process.wait(30)


def ask_until_ready(url, process, *, trusted=True):
    for _ in range(300):
        assert process.poll() is None, "it ended by itself"
        try:
            return httpx.get(f"{url}/readyz", headers=HOST, verify=trusted, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.postgres_only
def test_the_server_for_others_starts_as_shown(serving):
    port, process = serving
    answer = ask_until_ready(f"http://127.0.0.1:{port}", process)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.fixture
def proxy(serving, tmp_path):
    """nginx as shown, before that server, with a certificate of its own."""
    program = needs("nginx")
    served, port = serving[0], free_port()
    ask_until_ready(f"http://127.0.0.1:{served}", serving[1])
    files = ["-out", f"{tmp_path}/us.pem", "-keyout", f"{tmp_path}/us.key"]
    run(["openssl", "req", *SELF_SIGNED, *files], dict(os.environ))
    text = named(README, "proxy", "nginx").text
    for shown, own in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "/etc/nginx/auth.example.com": f"{tmp_path}/us",
        "127.0.0.1:8000": f"127.0.0.1:{served}",
    }.items():
        assert shown in text
        text = text.replace(shown, own)
    (tmp_path / "nginx.conf").write_text(AROUND % {"folder": tmp_path, "server": text})
    words = [program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    process = subprocess.Popen([*words, "-e", str(tmp_path / "error.log")])
    trusted = ssl.create_default_context(cafile=tmp_path / "us.pem")
    url = f"https://127.0.0.1:{port}"
    try:
        ask_until_ready(url, process, trusted=trusted)
        yield url, trusted
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.postgres_only
def test_bodies_that_never_come_hold_no_thread_behind_the_proxy(proxy):
    url, trusted = proxy
    address = httpx.URL(url)
    with ExitStack() as stack:
        # More of them than the server has threads.
        for _ in range(20):
            plain = socket.create_connection((address.host, address.port))
            slow = trusted.wrap_socket(plain, server_hostname=address.host)
            stack.enter_context(slow).sendall(BEGUN)
        answer = httpx.get(f"{url}/readyz", headers=HOST, verify=trusted, timeout=5)
        assert answer.status_code == 200


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.postgres_only
def test_the_client_address_comes_through_the_proxy(proxy):
    url, trusted = proxy
    left = []
    with httpx.Client(verify=trusted, headers=HOST, base_url=url) as calls:
        for client in ("198.51.100.1", "198.51.100.2"):
            headers = {"X-Forwarded-For": client}
            answer = calls.get("/api/v1/auth/whoami", headers=headers)
            left.append((answer.status_code, answer.headers["X-RateLimit-Remaining"]))
    assert left == [(401, "599"), (401, "599")], "each address has its own count"
