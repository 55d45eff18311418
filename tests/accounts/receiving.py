"""Receivers on loopback for the tests of outbound requests, with TLS where wished."""

import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Receiver:
    """What listens at `port`, and the requests that it got, as bytes."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    @property
    def head(self):
        return self.requests[0].partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self):
        return self.requests[0].partition(b"\r\n\r\n")[2].decode()


@contextmanager
def receiving(answer=OK, context=None, address="127.0.0.1"):
    """Yields a Receiver. `answer` is bytes, or does the answering on the socket."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family)
    receiver = Receiver(listener.getsockname()[1])
    ended = threading.Event()
    arguments = (listener, receiver, answer, context, ended)
    thread = threading.Thread(target=_serve, args=arguments, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        ended.set()
        with socket.socket(family) as last:
            last.connect((address, receiver.port))
        thread.join(10)
        listener.close()


def _serve(listener, receiver, answer, context, ended):
    while True:
        connection, _peer = listener.accept()
        with connection:
            if ended.is_set():
                return
            try:
                _serve_one(connection, receiver, answer, context)
            except OSError:
                # The other side left, which is what some tests are about.
                continue


def _serve_one(connection, receiver, answer, context):
    if context is not None:
        connection = context.wrap_socket(connection, server_side=True)
    with connection:
        receiver.requests.append(_read(connection))
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)


def _read(connection):
    """One request, whole: as long as its Content-Length says."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    head, _, body = request.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


def certificate(name, folder):
    """A certificate for a name that signs itself: the context of its server, the file
    to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / f"{name}.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, folder / f"{name}.key")
    return context, trusted
