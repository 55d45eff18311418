"""What people and receivers are told ahead: each once, and retried until it arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import mail, outbox
from accounts.audit import SYSTEM
from accounts.models import OutboxMessage, WebhookEndpoint
from apikeys import events, recipients
from apikeys.models import ApiKey, KeyNotice, policy_of

# In place of a recipient where there is none, so that nobody asks again.
NOBODY = ""
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class News:
    """What is told of a key: `milestone` of the moment `about`.

    `template` is the mail's, empty where none is sent; `details` stand in the audit
    log, in the webhook and, as they are, in the mail.
    """

    event: str
    milestone: str
    about: datetime
    template: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def told_of(milestone: str, about: str) -> Exists:
    """Whether a key has this notice of the moment in its column `about`."""
    return Exists(
        KeyNotice.objects.filter(
            api_key=OuterRef("pk"), milestone=milestone, about=OuterRef(about)
        )
    )


def tell(api_key: ApiKey, news: News) -> bool:
    """Leave the messages, in the transaction that holds the key's lock. False: another
    process was faster."""
    same = KeyNotice.objects.filter(
        api_key=api_key, milestone=news.milestone, about=news.about
    )
    if same.exists():
        return False
    messages: dict[str, OutboxMessage | None] = _mails(api_key, news)
    for delivery in events.record(news.event, api_key, by=SYSTEM, **news.details):
        messages[delivery.endpoint.public_id] = delivery.message
    KeyNotice.objects.bulk_create(
        KeyNotice(
            api_key=api_key,
            milestone=news.milestone,
            about=news.about,
            recipient=recipient,
            message=message,
        )
        for recipient, message in (messages or {NOBODY: None}).items()
    )
    return True


def follow_up(milestones: list[str], still_due: Callable[[KeyNotice], bool]) -> None:
    """Mark what has arrived. What the outbox has given up is tried again while it is
    still due, and forgotten else."""
    waiting = KeyNotice.objects.filter(told_at=None, milestone__in=milestones)
    arrived = waiting.filter(message__delivered_at__isnull=False)
    arrived.update(told_at=timezone.now())
    lost = Q(message=None) | Q(message__failed_at__isnull=False)
    rows = waiting.filter(lost).exclude(recipient=NOBODY).order_by("created_at")
    for notice in rows.select_related("api_key", "message")[:AT_ONCE]:
        _again(notice, still_due)


def _mails(api_key: ApiKey, news: News) -> dict[str, OutboxMessage | None]:
    if not news.template:
        return {}
    organization = api_key.organization
    context = {"api_key": api_key, "organization": organization, **news.details}
    return {
        address: mail.queue(
            news.template, to=address, context=context, organization=organization
        )
        for address in recipients.of_notice(api_key, policy_of(organization))
    }


def _again(notice: KeyNotice, still_due: Callable[[KeyNotice], bool]) -> None:
    with transaction.atomic():
        if notice.message is None or not still_due(notice) or not _listens(notice):
            notice.delete()
        else:
            outbox.again(notice.message)


def _listens(notice: KeyNotice) -> bool:
    """Whether the receiver of a webhook is still there. Mail boxes always are."""
    if "@" in notice.recipient:
        return True
    endpoints = WebhookEndpoint.objects.filter(is_active=True)
    return endpoints.with_public_id(notice.recipient).exists()
