"""Mail, sent after the commit and off the request's thread.

So a slow or broken mail server neither delays an answer nor shows in it. `send` tries
once, for what somebody waits for and can ask for again; `queue` until it works.
"""

from __future__ import annotations

import logging
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.mail.backends.console import EmailBackend
from django.db import transaction
from django.template.loader import render_to_string

from accounts import outbox
from accounts.models import Organization, OutboxMessage


class ToStderr(EmailBackend):
    """For the demo: mail is shown where the log is. stdout belongs to commands'
    answers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "stream": sys.stderr})


logger = logging.getLogger(__name__)
_postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_last: list[Future[None]] = []


def send(template: str, *, to: str, context: dict[str, Any]) -> None:
    """Mail `templates/mail/<template>.txt`: its first line is the subject."""
    transaction.on_commit(partial(_post, template, to, context))


def queue(
    template: str, *, to: str, context: dict[str, Any], organization: Organization
) -> OutboxMessage:
    """The same mail through the outbox, in the caller's transaction: a mail server that
    is away is tried again. `organization` is who it is sent for."""
    subject, body = _written(template, context)
    payload = {"to": to, "subject": subject, "body": body}
    return outbox.post("mail", payload, organization=organization)


def deliver(payload: dict[str, Any]) -> None:
    """One attempt. Raises outbox.Undelivered."""
    try:
        send_mail(payload["subject"], payload["body"], None, [payload["to"]])
    except SMTPRecipientsRefused as error:
        # About this address alone: the others may well arrive.
        raise outbox.Undelivered("The mail server refuses the address.") from error
    except (OSError, SMTPException) as error:
        why = f"The mail server is away: {type(error).__name__}."
        raise outbox.Away(why) from error


def wait(seconds: float = 10) -> None:
    """Until what was posted so far has been handed over. For tests."""
    while _last:
        _last.pop().result(timeout=seconds)


def _post(template: str, to: str, context: dict[str, Any]) -> None:
    _last[:] = [_postman.submit(_deliver, template, to, context)]


def _deliver(template: str, to: str, context: dict[str, Any]) -> None:
    subject, body = _written(template, context)
    try:
        send_mail(subject, body, None, [to])
    except (OSError, SMTPException) as error:
        logger.error("Mail could not be sent: %s", type(error).__name__)


def _written(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """Subject and body."""
    context = {**context, "public_url": settings.PUBLIC_URL}
    text = render_to_string(f"mail/{template}.txt", context)
    subject, _, body = text.partition("\n")
    return subject.strip(), body.lstrip("\n")
