"""The headers that tell an API key of its end, in its last 30 days."""

from __future__ import annotations

from datetime import timedelta

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import http_date

from accounts.credentials import API_KEY, Credential
from accounts.fields import TimestampField

EXPIRES, SUNSET = "X-API-Key-Expires", "Sunset"
NAMES = (EXPIRES, SUNSET)
LAST = timedelta(days=30)
_time = TimestampField()


def tell(response: HttpResponseBase, credential: Credential | None) -> None:
    """In RFC 3339, as in the key object, and as an HTTP-date (RFC 8594 3)."""
    if credential is None or credential.kind != API_KEY:
        return
    ends = credential.expires_at
    if ends is None or ends - timezone.now() > LAST:
        return
    response.headers[EXPIRES] = _time.to_representation(ends)
    response.headers[SUNSET] = http_date(ends.timestamp())
