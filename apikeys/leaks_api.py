"""The leak desk: anybody may say where a key of ours can be read by others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import IO, Any, cast

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import PublicEndpoint
from accounts.fields import (
    SecretField,
    StrictCharField,
    StrictListField,
    StrictSerializer,
)
from accounts.parsers import StrictJSONParser, check_charset, loads, loads_list, read
from accounts.problems import Problem, rate_limited
from apikeys import github, leaks
from apikeys.leaks import LONGEST_PLACE, Leak
from ratelimits.addresses import network
from ratelimits.limits import Limits
from ratelimits.stores import store

MOST_BYTES = 2 * 1024 * 1024
MOST_TOKENS = 1000
LONGEST_TOKEN = 512
# Every answer comes this long after its request, or a multiple: hit and miss alike.
FLOOR_SECONDS = 0.25
# Each answer that is held back holds one of the server's sixteen threads.
MOST_HELD = 4
# So many seconds a report of GitHub's waits for others to be answered.
PATIENCE = 2.0
# Reports of one address, whatever they hold. GitHub's are not counted.
LIMITS = Limits(per_minute=120, burst=10, daily=5000)
# How the audit log names the desk, and who reported there by a signature.
DESK, GITHUB = "leak desk", "GitHub"
IDENTIFIER, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"
UNSIGNED = (
    'Send {"tokens": ["…"], "url": "…"}, or sign the array as GitHub does: with the '
    f"headers {IDENTIFIER} and {SIGNATURE}."
)

_seats = BoundedSemaphore(MOST_HELD)


@dataclass(frozen=True, slots=True)
class SignedArray:
    """A body that is an array. It is read when its signature was found right."""

    body: bytes


class LeakParser(StrictJSONParser):
    """One object, or the array that GitHub sends."""

    def parse(  # type: ignore[override]
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | SignedArray:
        check_charset(media_type or "")
        body = read(stream, parser_context or {})
        if body.lstrip()[:1] == b"[":
            return SignedArray(body)
        return loads(body) if body else {}


class TokensField(StrictListField):
    """Texts that may hold a key."""

    child = SecretField(max_length=LONGEST_TOKEN)

    def __init__(self) -> None:
        super().__init__(min_length=1, max_length=MOST_TOKENS, write_only=True)


class LeakReport(StrictSerializer):
    """`url`: where they were seen. Who owns a key is told so by mail."""

    tokens = TokensField()
    url = StrictCharField(
        max_length=LONGEST_PLACE, required=False, allow_null=True, allow_blank=True
    )


class Received(serializers.Serializer[Any]):
    """How many texts the report held; not how many of them are keys."""

    received = serializers.IntegerField()


class Leaks(PublicEndpoint):
    """Report keys that stand where others can read them."""

    parser_classes = (LeakParser,)
    max_body_bytes = MOST_BYTES
    refuses = {"POST": [403]}

    @extend_schema(
        request=LeakReport,
        responses={202: Received},
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text)
            for name, text in (
                (IDENTIFIER, "Which of GitHub's keys signed the body."),
                (SIGNATURE, "ECDSA with P-256 and SHA-256 over it, DER in base64."),
            )
        ],
        tags=["leaks"],
    )
    def post(self, request: Request) -> Response:
        """What is a key of ours is dealt with as its organization wants it, before the
        answer, which is the same for every text.

        GitHub's secret scanning sends an array of `token`, `type`, `url` and `source`,
        with both headers.
        """
        begun = time.monotonic()
        is_signed = isinstance(request.data, SignedArray)
        found = _signed(request) if is_signed else _anonymous(request)
        by = replace(self.actor, id=DESK, credential=GITHUB if is_signed else "")
        with _held(begun, patience=PATIENCE if is_signed else 0):
            leaks.report(found, by=by)
        return Response({"received": len(found)}, status.HTTP_202_ACCEPTED)


def _anonymous(request: Request) -> list[Leak]:
    report = LeakReport(data=request.data)
    report.is_valid(raise_exception=True)
    _count(request._request)
    place = report.validated_data.get("url") or ""
    return [Leak(token, place) for token in report.validated_data["tokens"]]


def _signed(request: Request) -> list[Leak]:
    body = cast(SignedArray, request.data).body
    named = [request.headers.get(name, "") for name in (IDENTIFIER, SIGNATURE)]
    if not all(named):
        raise Problem("invalid_request", UNSIGNED)
    try:
        github.require_signature(body, identifier=named[0], signature=named[1])
    except Problem:
        _count(request._request)
        raise
    return [_leak(entry, at) for at, entry in enumerate(loads_list(body))]


def _leak(entry: Any, at: int) -> Leak:
    """One entry of GitHub's. Members that it adds one day are no mistake."""
    if not isinstance(entry, dict) or not isinstance(entry.get("token"), str):
        raise Problem.invalid(f"[{at}].token", "Send the text that was found.")
    source = f"GitHub, {entry.get('source') or 'somewhere'}"
    return Leak(entry["token"], str(entry.get("url") or source))


def _count(request: HttpRequest) -> None:
    """Raises Problem where the address sent too many."""
    address = network(getattr(request, "client_address", ""))
    decision = store().check(f"leaks:{address}", LIMITS)
    if not decision.allowed:
        raise rate_limited(decision.violated, retry_after=decision.retry_after)


@contextmanager
def _held(begun: float, *, patience: float) -> Iterator[None]:
    """The answer comes when it would come for a report without a hit, also where the
    work failed. Raises Problem where too many are held already."""
    if not _seats.acquire(timeout=patience):
        raise Problem("unavailable", "Too many reports at once.", retry_after=1)
    try:
        yield
    finally:
        time.sleep(-(time.monotonic() - begun) % FLOOR_SECONDS)
        _seats.release()
