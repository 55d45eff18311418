"""Serializer fields that take a value as it is or refuse it: nothing is converted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from django.core.validators import RegexValidator
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

MOST_CHARACTERS = 255
MOST_SECRET_CHARACTERS = 4096
# The largest whole number that every JSON reader keeps exact (RFC 8259 6).
LARGEST = 2**53 - 1

# Control characters, line separators, and the marks that reverse how a line is read.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
VISIBLE = RegexValidator(
    rf"\A[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*\Z",
    "Use visible characters, without line breaks or other control characters.",
)
TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know, by name, beside what its fields refuse."""

    default_error_messages = {"invalid": "Send a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        errors = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            found = cast("dict[str, Any]", error.detail)
            raise ValidationError({**found, **errors}) from error
        if errors:
            raise ValidationError(errors)
        return value

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        known = {
            field.field_name
            for field in self._writable_fields
            if not isinstance(field, serializers.HiddenField)
        }
        return {
            str(name): ["This field cannot be set here. Leave it out."]
            for name in data
            if name not in known
        }


class StrictCharField(serializers.CharField):
    """Text as sent: not trimmed, and not made out of numbers."""

    default_error_messages = {
        "invalid": "Use text in quotes.",
        "max_length": "Use at most {max_length} characters.",
        "min_length": "Use at least {min_length} characters.",
    }

    def __init__(
        self, *, allow_control_characters: bool = False, **options: Any
    ) -> None:
        options.setdefault("max_length", MOST_CHARACTERS)
        super().__init__(trim_whitespace=False, **options)
        if not allow_control_characters:
            self.validators.append(VISIBLE)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        # Before the validators, so that none of them walks through a long text.
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return data


class SecretField(StrictCharField):
    """A password, code or token that somebody sends. It never appears in an answer."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", MOST_SECRET_CHARACTERS)
        if not options.get("allow_blank"):
            options.setdefault("min_length", 1)
        options.setdefault("style", {"input_type": "password"})
        super().__init__(allow_control_characters=True, write_only=True, **options)


class StrictListField(serializers.ListField):
    """A list that is counted before anybody looks at what is in it: a long body holds
    half a million items, and to refuse each of them would take a minute."""

    def to_internal_value(self, data: Any) -> list[Any]:
        most = self.max_length
        if isinstance(data, list) and most is not None and len(data) > most:
            self.fail("max_length", max_length=most)
        values: list[Any] = super().to_internal_value(data)
        return values


class StrictChoiceField(serializers.ChoiceField):
    """One of a few words."""

    default_error_messages = {"invalid_choice": "Use one of: {choices}."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", choices=", ".join(map(str, self.choices)))
        return data


class StrictBooleanField(serializers.BooleanField):
    """true or false; no word and no number stands for them."""

    default_error_messages = {"invalid": "Use true or false, without quotes."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictIntegerField(serializers.IntegerField):
    """A whole number, written without quotes, point or exponent."""

    default_error_messages = {
        "invalid": "Use a whole number, without quotes.",
        "max_value": "Use at most {max_value}.",
        "min_value": "Use at least {min_value}.",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_value", LARGEST)
        options.setdefault("min_value", -LARGEST)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class TimestampField(serializers.DateTimeField):
    """A moment as in RFC 3339, with its offset from UTC. Answers: UTC, milliseconds."""

    default_error_messages = {
        "invalid": "Use a time such as 2030-01-31T12:00:00Z, with Z or an offset."
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not TIMESTAMP.fullmatch(value):
            self.fail("invalid")
        try:
            # An early or late year may have no counterpart in UTC.
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
