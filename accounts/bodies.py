"""What is sent to us, as a serializer takes it: a body, or the form of a page."""

from __future__ import annotations

from typing import Any

from rest_framework.serializers import BaseSerializer


def taken(
    serializer: type[BaseSerializer[Any]], data: Any, **context: Any
) -> dict[str, Any]:
    """The data, validated. Raises ValidationError, which names the field."""
    bound = serializer(data=data, context=context)
    bound.is_valid(raise_exception=True)
    values: dict[str, Any] = bound.validated_data
    return values
