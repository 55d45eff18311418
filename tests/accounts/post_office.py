"""A small mail server on loopback (RFC 5321), for tests of mail that must arrive,
and one that is down."""

import smtplib
import socketserver
import threading
from contextlib import contextmanager

from django.core.mail.backends.base import BaseEmailBackend

# For settings.EMAIL_BACKEND.
AWAY = "tests.accounts.post_office.Away"


class Away(BaseEmailBackend):
    """A mail server that is down."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("away")


class _Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                self.server.letters.append(self.letter())
            self.say("221 bye" if word == b"QUIT" else "250 OK")

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def letter(self):
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(lines).decode()


class PostOffice(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, port=0):
        self.letters = []
        super().__init__(("127.0.0.1", port), _Talk)

    @property
    def port(self):
        return self.server_address[1]


@contextmanager
def post_office(port=0):
    """Yields the server: `port`, and `letters`, each as it came."""
    with PostOffice(port) as office:
        thread = threading.Thread(target=office.serve_forever, args=[0.01])
        thread.start()
        try:
            yield office
        finally:
            office.shutdown()
            thread.join(10)
