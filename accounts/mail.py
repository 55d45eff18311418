"""Mail: one helper. Sent after the commit and off the request's thread.

So a slow or broken mail server neither delays an answer nor shows in it.
"""

from __future__ import annotations

import logging
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.mail.backends.console import EmailBackend
from django.db import transaction
from django.template.loader import render_to_string


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
    context = {**context, "public_url": settings.PUBLIC_URL}
    transaction.on_commit(partial(_post, template, to, context))


def wait(seconds: float = 10) -> None:
    """Until what was posted so far has been handed over. For tests."""
    while _last:
        _last.pop().result(timeout=seconds)


def _post(template: str, to: str, context: dict[str, Any]) -> None:
    _last[:] = [_postman.submit(_deliver, template, to, context)]


def _deliver(template: str, to: str, context: dict[str, Any]) -> None:
    text = render_to_string(f"mail/{template}.txt", context)
    subject, _, body = text.partition("\n")
    try:
        send_mail(subject.strip(), body.lstrip("\n"), None, [to])
    except (OSError, SMTPException) as error:
        logger.error("Mail could not be sent: %s", type(error).__name__)
