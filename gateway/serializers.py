"""The bodies of the gateway: what is asked about a credential, and the answer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import (
    SecretField,
    StrictCharField,
    StrictIntegerField,
    StrictListField,
    StrictSerializer,
)
from accounts.product_routes import LONGEST_PATH
from accounts.serializers import WhoAmI
from gateway.verify import Question, Verdict
from ratelimits.addresses import normal
from ratelimits.limits import Decision

MOST_CREDENTIALS = 1_000
MOST_COST = 1_000
# As much as a header may hold: what is too long for a credential is an unknown one.
LONGEST_CREDENTIAL = 64 * 1024


class AddressField(StrictCharField):
    """An IPv4 or IPv6 address."""

    def to_internal_value(self, data: Any) -> str:
        address = normal(super().to_internal_value(data))
        if address is None:
            raise serializers.ValidationError("Use an IPv4 or IPv6 address.")
        return address


class VerifyRequest(StrictSerializer):
    """A credential that a service was shown, and what it is to be used for.

    `scope`, or `method` and `path`, or neither. `ip` is the client's. `cost` is charged
    to the credential if it is allowed; 0: a dry run.
    """

    credential = SecretField(max_length=LONGEST_CREDENTIAL, allow_blank=True)
    scope = StrictCharField(max_length=64, required=False, allow_null=True)
    method = StrictCharField(max_length=20, required=False, allow_null=True)
    path = StrictCharField(max_length=LONGEST_PATH, required=False, allow_null=True)
    ip = AddressField(required=False, allow_null=True)
    cost = StrictIntegerField(min_value=0, max_value=MOST_COST, default=1)

    def validate_scope(self, value: str | None) -> str | None:
        if value is not None and value not in self.context["product"].scopes:
            raise serializers.ValidationError("Unknown scope.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        has_method, has_path = (attrs.get(name) for name in ("method", "path"))
        if bool(has_method) != bool(has_path):
            lacking = "path" if has_method else "method"
            words = "method and path stand together."
            raise serializers.ValidationError({lacking: [words]})
        if has_path and attrs.get("scope"):
            words = "Send a scope, or method and path, not both."
            raise serializers.ValidationError({"scope": [words]})
        return attrs


class BatchRequest(StrictSerializer):
    """Up to 1,000 questions, answered in their order."""

    requests = StrictListField(child=VerifyRequest(), max_length=MOST_CREDENTIALS)


class RateLimitObject(serializers.Serializer[Any]):
    """As the headers tell it. `retry_after` only where the limit refuses: seconds."""

    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    reset = serializers.IntegerField()
    retry_after = serializers.IntegerField(required=False)


class VerdictObject(serializers.Serializer[Any]):
    """Whether the credential is valid, and whether it may. `code` says why not."""

    valid = serializers.BooleanField()
    allowed = serializers.BooleanField()
    code = serializers.CharField(allow_null=True)
    required_scope = serializers.CharField(allow_null=True)
    credential = WhoAmI(allow_null=True)
    rate_limit = RateLimitObject(allow_null=True)


class BatchAnswer(serializers.Serializer[Any]):
    """The answers, in the order of the questions."""

    data = VerdictObject(many=True)  # type: ignore[assignment]


def question_of(values: dict[str, Any]) -> Question:
    """A checked body as a question."""
    asked = {name: value for name, value in values.items() if value is not None}
    return Question(**asked)


def shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict as VerdictObject reads it."""
    return {
        "valid": verdict.valid,
        "allowed": verdict.allowed,
        "code": verdict.code or None,
        "required_scope": verdict.required_scope or None,
        "credential": verdict.credential,
        "rate_limit": _limits(verdict.decision),
    }


def _limits(decision: Decision | None) -> dict[str, int] | None:
    if decision is None:
        return None
    told = {
        "limit": decision.limit,
        "remaining": decision.remaining,
        "reset": decision.reset,
    }
    return told if decision.allowed else told | {"retry_after": decision.retry_after}
