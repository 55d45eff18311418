"""Those who deliver in the tests of the outbox, by the names that settings use."""

from django.utils import timezone

from accounts.models import OutboxMessage
from accounts.outbox import Undelivered

KINDS = {
    name: f"tests.accounts.receivers.{name}"
    for name in ("take", "refuse", "chatter", "hang_up", "stumble", "overtaken")
}
SECRET = "nr_live_" + "a1b2c3d4" * 6
taken: list[dict] = []


def take(payload):
    taken.append(payload)


def refuse(payload):
    raise Undelivered("The receiver answered 500.")


def chatter(payload):
    raise Undelivered(f"It told {SECRET} and so on. " + "More. " * 200)


def hang_up(payload):
    raise ConnectionResetError("Connection reset by peer")


def stumble(payload):
    raise KeyError(SECRET)


def overtaken(payload):
    """Fails after another process took the message over and delivered it."""
    OutboxMessage.objects.update(delivered_at=timezone.now(), leased_until=None)
    raise Undelivered("Too late.")
