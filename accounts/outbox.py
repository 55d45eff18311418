"""Messages to others: written in the transaction of a change, delivered after it.

A message is delivered at least once. A receiver that is away is tried again, with
growing pauses, for 31 hours.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import inserts, sealing
from accounts.models import Organization, OutboxMessage
from accounts.models.outbox import MOST_ERROR_CHARACTERS
from accounts.redaction import redact

# A process that died with a message in hand keeps it from the others for so long.
LEASE = timedelta(seconds=60)
# Between one attempt and the next; after the last pause there is one more attempt.
PAUSES = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
# In seconds. Who takes longer is asked once in a round, as is who fails.
SLOW = 1.0

logger = logging.getLogger(__name__)


class Undelivered(Exception):
    """The receiver did not take the message. The text says why, without secrets."""


class Undeliverable(Exception):
    """No later attempt can help."""


class Away(Undelivered):
    """Nobody is there for any message of this kind. The others wait for a round."""


EXPECTED = (Undelivered, Undeliverable, OSError)


def post(
    kind: str, payload: dict[str, Any], *, organization: Organization | None = None
) -> OutboxMessage:
    """Leave a message, in the caller's transaction. `payload` must fit into JSON."""
    [message] = post_each(kind, [payload], organization=organization)
    return message


def post_each(
    kind: str,
    payloads: Iterable[dict[str, Any]],
    *,
    organization: Organization | None = None,
) -> list[OutboxMessage]:
    """One message for each, in one step and in their order."""
    messages = []
    for payload in payloads:
        message = OutboxMessage(kind=kind, organization=organization)
        message.sealed_payload = sealing.seal(
            json.dumps(payload).encode(), context=message.context
        )
        messages.append(message)
    inserts.insert(messages)
    return messages


def again(message: OutboxMessage) -> None:
    """Try it at once, with all attempts anew, unless it was delivered. In the caller's
    transaction."""
    rows = OutboxMessage.objects.filter(pk=message.pk, delivered_at=None)
    rows.update(next_attempt_at=timezone.now(), failed_at=None, attempts=0)


def give_up(messages: Iterable[Any], why: str) -> None:
    """End those of these primary keys that still wait. In the caller's transaction."""
    waiting = OutboxMessage.objects.filter(delivered_at=None, failed_at=None)
    waiting.filter(pk__in=messages).update(failed_at=timezone.now(), last_error=why)


def is_last_attempt(message: OutboxMessage) -> bool:
    """Whether the attempt in hand is the last one."""
    return message.attempts > len(PAUSES)


def deliver_due(limit: int = 20) -> int:
    """Try what is due, at most `limit` messages. The answer is how many were tried."""
    round_ = _Round()
    for tried in range(limit):
        message = _claim(round_)
        if message is None:
            return tried
        _try(message, round_)
    return limit


@dataclass(slots=True)
class _Round:
    """Whose turn it is. Organizations take turns, so nobody waits behind the many
    messages of another. Whose receiver fails or is slow has one turn, and a server that
    is away for all is asked once."""

    had_turn: set[UUID] = field(default_factory=set)
    over: set[UUID] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    def note(
        self, message: OutboxMessage, seconds: float, error: Exception | None
    ) -> None:
        if isinstance(error, Away):
            self.kinds.add(message.kind)
        elif message.organization_id is not None:
            is_over = error is not None or seconds > SLOW
            (self.over if is_over else self.had_turn).add(message.organization_id)


def _claim(round_: _Round) -> OutboxMessage | None:
    """The message that waits longest. One update makes it ours and nobody else's."""
    while (waiting := _next(round_)) is not None:
        lease = {"leased_until": timezone.now() + LEASE, "attempts": F("attempts") + 1}
        if OutboxMessage.objects.due().filter(pk=waiting).update(**lease):
            return OutboxMessage.objects.get(pk=waiting)
    return None


def _next(round_: _Round) -> UUID | None:
    """The primary key of the oldest one of those whose turn it is; when all have had
    theirs, of all."""
    due = OutboxMessage.objects.due().order_by("next_attempt_at")
    due = due.exclude(organization__in=round_.over).exclude(kind__in=round_.kinds)
    waiting = due.values_list("pk", flat=True)
    found: UUID | None = waiting.exclude(organization__in=round_.had_turn).first()
    if found is None and round_.had_turn:
        round_.had_turn.clear()
        found = waiting.first()
    return found


def _try(message: OutboxMessage, round_: _Round) -> None:
    begun = time.monotonic()
    try:
        _deliverer(message)(_payload(message))
    except Exception as error:
        # Whatever one message meets must not hold up the others.
        round_.note(message, time.monotonic() - begun, error)
        if isinstance(error, Undeliverable):
            _give_up(message, error)
        else:
            _postpone(message, error)
    else:
        round_.note(message, time.monotonic() - begun, None)
        rows = OutboxMessage.objects.filter(pk=message.pk)
        rows.update(delivered_at=timezone.now(), leased_until=None, last_error="")


def _deliverer(message: OutboxMessage) -> Callable[[dict[str, Any]], None]:
    path = settings.OUTBOX_KINDS.get(message.kind)
    if path is None:
        raise Undeliverable("Nobody delivers this kind of message.")
    deliverer: Callable[[dict[str, Any]], None] = import_string(path)
    return deliverer


def _payload(message: OutboxMessage) -> dict[str, Any]:
    try:
        sealed = bytes(message.sealed_payload)
        plain = sealing.unseal(sealed, context=message.context)
    except sealing.Unsealable as error:
        raise Undeliverable("The payload does not open.") from error
    payload: dict[str, Any] = json.loads(plain)
    return payload


def _postpone(message: OutboxMessage, error: Exception) -> None:
    if is_last_attempt(message):
        return _give_up(message, error)
    pause = PAUSES[message.attempts - 1]
    _end_attempt(message, error, next_attempt_at=timezone.now() + pause)
    _log(logging.WARNING, f"{message}, attempt {message.attempts}", error)


def _give_up(message: OutboxMessage, error: Exception) -> None:
    _end_attempt(message, error, failed_at=timezone.now())
    _log(logging.ERROR, f"{message} is given up", error)


def _end_attempt(message: OutboxMessage, error: Exception, **changes: Any) -> None:
    # Who took longer than the lease has no say any more: another process has it.
    ours = OutboxMessage.objects.filter(
        pk=message.pk, leased_until=message.leased_until, delivered_at=None
    )
    ours.update(leased_until=None, last_error=_told(error), **changes)


def _log(level: int, what: str, error: Exception) -> None:
    fault = None if isinstance(error, EXPECTED) else error
    logger.log(level, "%s: %s", what, _told(error), exc_info=fault)


def _told(error: Exception) -> str:
    """A fault of ours is told by its name alone: nobody chose its text for readers."""
    name = type(error).__name__
    text = str(error) or name if isinstance(error, EXPECTED) else name
    return redact(text)[:MOST_ERROR_CHARACTERS]
