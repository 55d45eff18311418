"""Fields of a wish for a key: they take a value as it is, or say what to send."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.fields import (
    VISIBLE,
    StrictCharField,
    StrictIntegerField,
    TimestampField,
)
from accounts.models.limited import MOST
from apikeys import address_lists

MOST_SCOPES = 100
MOST_ADDRESSES = 100
MOST_TAGS = 20
# Of `metadata`: how many members, how long their names, and all of it.
MOST_METADATA, LONGEST_NAME, MOST_BYTES = 50, 64, 4096
MOST_DAYS = 3650
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
SCALARS = (str, int, float, bool, type(None))
METADATA_SCHEMA = {
    "type": "object",
    "maxProperties": MOST_METADATA,
    "propertyNames": {"minLength": 1, "maxLength": LONGEST_NAME},
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}


class ScopesField(serializers.ListField):
    """Scopes of the caller's product, each once; an empty list grants nothing."""

    child = StrictCharField(max_length=64)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_SCOPES, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        words: list[str] = super().to_internal_value(data)
        known = self.context["product"].scopes
        unknown = [word for word in words if word not in known]
        if unknown:
            listed = ", ".join(known)
            raise serializers.ValidationError(f"Unknown scope. There are: {listed}.")
        if len(set(words)) < len(words):
            raise serializers.ValidationError("Name each scope once.")
        return words


class FutureField(TimestampField):
    """A moment that is still to come."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if moment <= timezone.now():
            raise serializers.ValidationError("Use a time in the future.")
        return moment


class AllowedIpsField(serializers.ListField):
    """Addresses and networks, IPv4 and IPv6, each once. An empty list allows all."""

    child = StrictCharField(max_length=50)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_ADDRESSES, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        listed = [self._canonical(text) for text in super().to_internal_value(data)]
        return _each_once(listed, by=address_lists.networks(listed))

    def _canonical(self, text: str) -> str:
        try:
            return address_lists.canonical(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class TagsField(serializers.ListField):
    """Words of the caller's own, each once."""

    child = StrictCharField(max_length=40)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_TAGS, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        tags = super().to_internal_value(data)
        return _each_once(tags, by=tags)


@extend_schema_field(METADATA_SCHEMA)
class MetadataField(serializers.Field[Any, Any, Any, Any]):
    """A flat JSON object of the caller's own: text, numbers, true, false and null."""

    default_error_messages = {
        "invalid": "Send a JSON object, with text, numbers, true, false or null in it.",
        "many": f"Use at most {MOST_METADATA} members.",
        "name": f"Name each member with 1 to {LONGEST_NAME} visible characters.",
        "large": f"Use at most {MOST_BYTES} bytes in all, written as JSON.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(data) > MOST_METADATA:
            self.fail("many")
        if not all(_is_name(name) for name in data):
            self.fail("name")
        if not all(_is_value(value) for value in data.values()):
            self.fail("invalid")
        if len(self._written(data)) > MOST_BYTES:
            self.fail("large")
        return data

    def _written(self, data: dict[str, Any]) -> bytes:
        """As JSON."""
        compact = (",", ":")
        try:
            return json.dumps(
                data, ensure_ascii=False, separators=compact, allow_nan=False
            ).encode()
        except ValueError:
            # A file that is imported may hold NaN and lone surrogates.
            self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        return value


class OwnLimitField(StrictIntegerField):
    """A whole number from 1. Null or left out: the organization's."""

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=MOST, allow_null=True, default=None)


class DaysField(StrictIntegerField):
    """A whole number of days; null: the rule is off."""

    def __init__(self) -> None:
        super().__init__(
            min_value=1, max_value=MOST_DAYS, allow_null=True, required=False
        )


class DaysInAddressField(serializers.IntegerField):
    """A whole number of days, as it stands in an address."""

    default_error_messages = {"invalid": f"Use a whole number from 1 to {MOST_DAYS}."}

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MOST_DAYS, required=False, **options)

    def to_internal_value(self, data: Any) -> int:
        if not _WHOLE_NUMBER.fullmatch(str(data)):
            self.fail("invalid")
        return int(data)


def _each_once(listed: list[str], *, by: Sequence[Any]) -> list[str]:
    if len(set(by)) < len(listed):
        raise serializers.ValidationError("Name each once.")
    return listed


def _is_value(value: Any) -> bool:
    # PostgreSQL keeps no NUL.
    return isinstance(value, SCALARS) and "\0" not in str(value)


def _is_name(name: str) -> bool:
    try:
        VISIBLE(name)
    except Invalid:
        return False
    return len(name) <= LONGEST_NAME
