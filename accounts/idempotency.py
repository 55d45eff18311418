"""Idempotency-Key: a change whose answer was lost is not made twice, and its answer can
be had again for a while, by the same caller.

The row is written in the transaction of the change. The answer lies in it sealed under
our key and under the caller's Idempotency-Key, so nobody reads it who has only one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import sealing
from accounts.credentials import Credential
from accounts.models import IdempotentAnswer
from accounts.problems import Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
RETRY_WINDOW = timedelta(minutes=10)
KEY = re.compile(r"[ -~]{1,255}")
PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters of your choice, new for each "
    "change. The same request with the same ones, within 10 minutes, is answered as "
    "it was and changes nothing.",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change answers: about which object (its public id), and what."""

    target: str
    body: dict[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class _Call:
    """One request: which key it shows, what names it (caller and address too), and
    what it asks for."""

    key: str
    name: str
    body: str

    @property
    def context(self) -> str:
        return f"idempotent:{self.name}"


def once(
    request: Request, change: Callable[[], Answer], *, may: Callable[[str], None]
) -> Response:
    """Answer a request, and make its change once for each Idempotency-Key.

    `may` is asked before an answer is given again, about its object: it raises Problem
    where the caller may not have it any more. Without the header `change` is all. A
    change that is refused leaves nothing. Raises Problem.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return _response(change())
    call = _call_of(request, key)
    with transaction.atomic():
        # Who comes second waits here until the first has made its change, or has not.
        row, is_first = _row(call)
        if is_first:
            answer = change()
            row.target, row.sealed_answer = answer.target, _sealed(call, answer)
            row.save(update_fields=["target", "sealed_answer"])
            return _response(answer)
    return _again(call, row, may)


def forget_answers(most: int = 10_000) -> int:
    """Drop the answers that cannot be had again. The answer is how many."""
    late = IdempotentAnswer.objects.filter(
        created_at__lt=timezone.now() - RETRY_WINDOW, sealed_answer__isnull=False
    )
    some = IdempotentAnswer.objects.filter(pk__in=late.values("pk")[:most])
    return some.update(sealed_answer=None)


def _call_of(request: Request, key: str) -> _Call:
    if not KEY.fullmatch(key):
        why = "Use 1 to 255 printable ASCII characters."
        raise Problem.invalid(HEADER, why)
    caller = _caller(cast(Credential, request.auth))
    # As JSON no part can reach into the next one.
    name = json.dumps([caller, request.method, request.path_info, key])
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return _Call(key, name, f"{name}{body}")


def _caller(credential: Credential) -> str:
    """A person, whichever sign-in it is; else what the limiter takes for one caller."""
    organization = credential.organization.public_id
    if credential.is_person and credential.user is not None:
        return f"{organization}:{credential.user.public_id}"
    return f"{organization}:{credential.rate_key}"


def _row(call: _Call) -> tuple[IdempotentAnswer, bool]:
    """The row of this call, and whether we have just made it."""
    found = IdempotentAnswer.objects.filter(digest__in=sealing.digests(call.context))
    row = found.first()
    if row is not None:
        return row, False
    return IdempotentAnswer.objects.get_or_create(
        digest=sealing.digest(call.context),
        defaults={"fingerprint": sealing.digest(call.body)},
    )


def _again(call: _Call, row: IdempotentAnswer, may: Callable[[str], None]) -> Response:
    if bytes(row.fingerprint) not in sealing.digests(call.body):
        raise Problem("idempotency_key_reused")
    may(row.target)
    is_late = timezone.now() - row.created_at > RETRY_WINDOW
    if is_late or row.sealed_answer is None:
        raise Problem("idempotency_key_used", f"It made {row.target}.", id=row.target)
    answer = _unsealed(call, bytes(row.sealed_answer))
    response = _response(answer)
    response.headers[REPLAYED] = "true"
    return response


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status)


def _sealed(call: _Call, answer: Answer) -> bytes:
    told = json.dumps([answer.target, answer.body, answer.status]).encode()
    inner = sealing.seal_under(call.key, told, context=call.context)
    return sealing.seal(inner, context=call.context)


def _unsealed(call: _Call, sealed: bytes) -> Answer:
    inner = sealing.unseal(sealed, context=call.context)
    told = sealing.unseal_under(call.key, inner, context=call.context)
    return Answer(*json.loads(told))
