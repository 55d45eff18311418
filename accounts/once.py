"""A form that works once: sending it again, as a browser's reload does, makes no second
thing and shows no secret again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.http import HttpRequest

from accounts import sealing
from accounts.models import IdempotentAnswer
from accounts.problems import Problem
from accounts.visitors import Visitor

# The hidden field of the form.
FIELD = "form_nonce"
NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
Made = TypeVar("Made")


class AlreadyMade(Exception):
    """The form was sent before. `target`: the public id of what it made."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target


def nonce() -> str:
    """A new one for each form that is shown: 128 random bits."""
    return secrets.token_urlsafe(16)


def once(
    request: HttpRequest,
    visitor: Visitor,
    make: Callable[[], Made],
    *,
    target: Callable[[Made], str],
) -> Made:
    """What `make` makes, the first time that this person sends this form.

    `target`: the public id of what was made. Where `make` raises, the form can be sent
    again. Raises AlreadyMade; Problem for a form without its nonce.
    """
    shown = request.POST.get(FIELD, "")
    if not NONCE.fullmatch(shown):
        raise Problem("invalid_request", "Open the form again, then send it.")
    name = f"form:{visitor.organization.public_id}:{visitor.user.public_id}:{shown}"
    digest = sealing.digest(name)
    with transaction.atomic():
        # Who comes second waits here until the first has made it, or has not.
        row, is_first = IdempotentAnswer.objects.get_or_create(
            digest=digest, defaults={"fingerprint": digest}
        )
        if not is_first:
            raise AlreadyMade(row.target)
        made = make()
        row.target = target(made)
        row.save(update_fields=["target"])
    return made
