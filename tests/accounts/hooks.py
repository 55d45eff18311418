"""A receiver of webhooks for the tests: it listens, and judges signatures for itself.

Written after the text of Standard Webhooks, apart from the code that signs.
"""

import base64
import hashlib
import hmac
import json
import time
from contextlib import contextmanager
from ipaddress import ip_network

from accounts import outbox
from tests.accounts.receiving import OK, receiving

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
WEBHOOKS = "/api/v1/webhooks"


class Hook:
    """What one endpoint got. `statuses` says what it answers, in turn; then 200."""

    def __init__(self):
        self.statuses = []
        self.receiver = None
        self.secret = self.id = ""

    def answer(self, connection):
        status = self.statuses.pop(0) if self.statuses else 200
        connection.sendall(OK.replace(b"200 OK", f"{status} Told".encode()))

    @property
    def messages(self):
        return [json.loads(body) for _, body in self.requests]

    @property
    def types(self):
        return [message["type"] for message in self.messages]

    @property
    def requests(self):
        """Headers by their lower-case names, and the body, of each request."""
        found = []
        for request in self.receiver.requests:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
            found.append(({name.lower(): text for name, _, text in lines}, body))
        return found


@contextmanager
def hooked(person, **wish):
    """A receiver that listens, and an endpoint of the person's that leads to it."""
    hook = Hook()
    with receiving(hook.answer) as hook.receiver:
        url = f"http://127.0.0.1:{hook.receiver.port}/hook"
        made = person.call("POST", WEBHOOKS, {"url": url, **wish})
        assert made.status_code == 201, made.content
        hook.id, hook.secret = made.json()["id"], made.json()["secret"]
        yield hook


def deliver():
    """What the background does until nothing is due."""
    while outbox.deliver_due():
        pass


def signed_by(secret, headers, body):
    """Whether one of the signatures is of this secret, and fresh."""
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{right}" in headers["webhook-signature"].split(" ")
