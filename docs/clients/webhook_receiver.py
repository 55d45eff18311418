"""Waits for one webhook, checks its signature, prints the event, and ends.

python3 webhook_receiver.py PORT, with the endpoint's secret in WEBHOOK_SECRET.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

TOLERANCE = 300  # Seconds. Older messages are somebody's recording.


def is_genuine(secret: str, headers: Message, body: bytes) -> bool:
    """Whether the message comes from who holds the secret, now and unchanged."""
    sent_at = headers["webhook-timestamp"] or ""
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    digest = hmac.digest(key, signed, hashlib.sha256)
    expected = f"v1,{base64.b64encode(digest).decode()}"
    # For a day after a rotation there are two.
    given = (headers["webhook-signature"] or "").split(" ")
    return any(hmac.compare_digest(expected, each) for each in given)


class Receiver(BaseHTTPRequestHandler):
    """Answers at once; what takes long is done afterwards."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        genuine = is_genuine(os.environ["WEBHOOK_SECRET"], self.headers, body)
        self.send_response(204 if genuine else 400)
        self.end_headers()
        if genuine:
            print(body.decode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing but the event is printed."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    server.timeout = 60
    server.handle_request()
