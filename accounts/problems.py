"""How a refusal looks: problem details (RFC 9457) with a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rest_framework.exceptions import APIException

from accounts import jwk
from accounts.codes import CODES as CODES
from accounts.codes import DPOP
from accounts.codes import Code as Code
from ratelimits.counted import Counted

REALM = "doorward"
# RFC 9728 3: where an application learns who issues the tokens that we take.
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
UNAVAILABLE_SECONDS = 5


class Problem(APIException):
    """A refusal by its code. Extra arguments become members of the answer.

    `retry_after` (whole seconds) is sent as a header too; `missing` lists missing
    scopes, which the challenge repeats (RFC 6750 3). `counted` names the credential
    where it was proven and is dead: its usage shows the attempt.
    """

    counted: Counted | None = None

    def __init__(self, code: str, detail: str = "", **extra: Any) -> None:
        self.meaning = CODES[code]
        super().__init__(detail or self.meaning.advice, code)
        self.code = code
        self.status_code = self.meaning.status
        if self.status_code == 503:
            extra.setdefault("retry_after", UNAVAILABLE_SECONDS)
        self.extra = extra
        self.scheme = self.meaning.scheme
        self.headers = self._headers()

    @classmethod
    def invalid(cls, field: str, detail: str) -> Problem:
        """A 400 about one field, in the shape of every other validation error."""
        errors = [{"field": field, "detail": detail}]
        return cls("invalid_request", f"{field}: {detail}", errors=errors)

    def asking_for(self, scheme: str) -> Problem:
        """The same refusal, whose challenge names this scheme of Authorization."""
        self.scheme = scheme
        self.headers = self._headers()
        return self

    def about(self, counted: Counted) -> Problem:
        """The same refusal, of this credential. Only where its secret was proven."""
        self.counted = counted
        return self

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
        members = {"realm": REALM}
        if self.meaning.bearer_error:
            members["error"] = self.meaning.bearer_error
        if "missing" in self.extra:
            members["scope"] = " ".join(self.extra["missing"])
        if self.scheme == DPOP:
            members["algs"] = " ".join(jwk.ALGORITHMS)
        members["resource_metadata"] = f"{settings.PUBLIC_URL}{RESOURCE_METADATA}"
        told = ", ".join(f'{name}="{value}"' for name, value in members.items())
        return f"{self.scheme} {told}"


def rate_limited(violated: Sequence[str], *, retry_after: int) -> Problem:
    """429 in the form of the IETF draft (ratelimit-headers 11), with our code too."""
    members: dict[str, Any] = {
        "type": QUOTA_EXCEEDED,
        "violated-policies": list(violated),
    }
    return Problem("rate_limited", retry_after=retry_after, **members)
