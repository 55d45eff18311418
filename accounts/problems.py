"""How a refusal looks: problem details (RFC 9457) with a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rest_framework.exceptions import APIException

from accounts.codes import CODES as CODES
from accounts.codes import Code as Code

REALM = "doorward"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
UNAVAILABLE_SECONDS = 5


class Problem(APIException):
    """A refusal by its code. Extra arguments become members of the answer.

    `retry_after` (whole seconds) is sent as a header too; `missing` lists missing
    scopes, which the challenge repeats (RFC 6750 3).
    """

    def __init__(self, code: str, detail: str = "", **extra: Any) -> None:
        self.meaning = CODES[code]
        super().__init__(detail or self.meaning.advice, code)
        self.code = code
        self.status_code = self.meaning.status
        if self.status_code == 503:
            extra.setdefault("retry_after", UNAVAILABLE_SECONDS)
        self.extra = extra
        self.headers = self._headers()

    @classmethod
    def invalid(cls, field: str, detail: str) -> Problem:
        """A 400 about one field, in the shape of every other validation error."""
        errors = [{"field": field, "detail": detail}]
        return cls("invalid_request", f"{field}: {detail}", errors=errors)

    def body(self, request_id: str) -> dict[str, Any]:
        """The members of the answer, the ones of RFC 9457 first."""
        return {
            "type": f"{settings.PUBLIC_URL}/docs/problems#{self.code}",
            "title": self.meaning.title,
            "status": self.status_code,
            "code": self.code,
            "detail": str(self.detail),
            "request_id": request_id,
            **self.extra,
        }

    def _headers(self) -> dict[str, str]:
        headers = {"Cache-Control": "no-store"}
        if self.status_code == 401 or self.meaning.bearer_error:
            headers["WWW-Authenticate"] = self._challenge()
        if "retry_after" in self.extra:
            headers["Retry-After"] = str(self.extra["retry_after"])
        return headers

    def _challenge(self) -> str:
        challenge = f'Bearer realm="{REALM}"'
        if self.meaning.bearer_error:
            challenge += f', error="{self.meaning.bearer_error}"'
        if "missing" in self.extra:
            challenge += f', scope="{" ".join(self.extra["missing"])}"'
        return challenge


def rate_limited(violated: Sequence[str], *, retry_after: int) -> Problem:
    """429 in the form of the IETF draft (ratelimit-headers 11), with our code too."""
    members: dict[str, Any] = {
        "type": QUOTA_EXCEEDED,
        "violated-policies": list(violated),
    }
    return Problem("rate_limited", retry_after=retry_after, **members)
