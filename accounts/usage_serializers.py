"""What the usage endpoints take and answer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.credentials import API_KEY, OAUTH, SESSION
from accounts.fields import StrictChoiceField, StrictSerializer
from accounts.products import ENVIRONMENTS
from accounts.usage import MOST_CREDENTIALS, MOST_TOP, Span
from ratelimits.counted import COUNTS

FORMATS = ("json", "csv")
USUAL_DAYS, MOST_DAYS = 30, 366
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class DayField(serializers.DateField):
    """A day, written YYYY-MM-DD and in no other way of ISO 8601."""

    default_error_messages = {"invalid": "Use a day such as 2030-01-31."}

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            self.fail("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")


class Spanned(serializers.Serializer[Any]):
    """Has `from` and `to`. "from" is a word of Python, so it cannot be declared."""

    def get_fields(self) -> dict[str, Any]:
        ends = {
            "from": self.day("The first UTC day."),
            "to": self.day("The last UTC day; it counts as well."),
        }
        return {**ends, **super().get_fields()}

    def day(self, meaning: str) -> DayField:
        return DayField(help_text=meaning)


class SpanQuery(Spanned, StrictSerializer):
    """Which days, both ends included. Without them the last 30; at most 366."""

    format = StrictChoiceField(choices=FORMATS, required=False)

    def day(self, meaning: str) -> DayField:
        return DayField(help_text=meaning, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last: date = attrs.get("to") or timezone.now().date()
        usual = max(date.min.toordinal(), last.toordinal() - USUAL_DAYS + 1)
        first: date = attrs.get("from") or date.fromordinal(usual)
        if first > last:
            raise serializers.ValidationError({"from": [f"Not after {last}."]})
        if last - first >= timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(
                {"from": [f"Ask for at most {MOST_DAYS} days."]}
            )
        return {**attrs, "span": Span(first, last)}


class UsageQuery(SpanQuery):
    """And of which environment; without it of all that the caller may see."""

    environment = StrictChoiceField(choices=ENVIRONMENTS, required=False)


class CountsObject(serializers.Serializer[Any]):
    """Requests, what the day's quota lost by them, and how they ended."""

    def get_fields(self) -> dict[str, Any]:
        counts = {name: serializers.IntegerField() for name in COUNTS}
        return {**super().get_fields(), **counts}


class DayObject(CountsObject):
    """The counts of one UTC day."""

    day = serializers.DateField()


class LimitsObject(serializers.Serializer[Any]):
    """Requests per minute, per second (`burst`) and per UTC day (null: unlimited), as
    they hold now: of a key the organization's, lowered to its own."""

    per_minute = serializers.IntegerField()
    burst = serializers.IntegerField()
    daily = serializers.IntegerField(allow_null=True)


class TodayObject(serializers.Serializer[Any]):
    """The present UTC day, as the limiter counts now. `left` is null: unlimited."""

    used = serializers.IntegerField()
    left = serializers.IntegerField(allow_null=True)


class UsedObject(serializers.Serializer[Any]):
    """A credential. `name` is null where it is there no more."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=[SESSION, API_KEY, OAUTH])
    name = serializers.CharField(allow_null=True)
    environment = serializers.ChoiceField(choices=ENVIRONMENTS)
    limits = LimitsObject()
    today = TodayObject()


class UsedCredentialObject(CountsObject, UsedObject):
    """One of the busiest credentials, with its counts of all the days."""


class EndpointObject(serializers.Serializer[Any]):
    """Method and address, as in the OpenAPI document."""

    endpoint = serializers.CharField()
    requests = serializers.IntegerField()


class AddressObject(serializers.Serializer[Any]):
    """Where requests came from."""

    address = serializers.CharField()
    requests = serializers.IntegerField()


class AgentObject(serializers.Serializer[Any]):
    """What sent them, as it names itself."""

    agent = serializers.CharField()
    requests = serializers.IntegerField()


class SummedObject(Spanned):
    """Sums over the days, and each day, the newest first.

    `distinct_addresses_at_least`: there were more on some day than are kept.
    """

    organization = serializers.CharField()
    plan = serializers.CharField()
    totals = CountsObject()
    days = DayObject(many=True)
    top_endpoints = EndpointObject(many=True, help_text=f"At most {MOST_TOP}.")
    statuses = serializers.DictField(child=serializers.IntegerField())
    distinct_addresses = serializers.IntegerField()
    distinct_addresses_at_least = serializers.BooleanField()


class UsageObject(SummedObject):
    """The usage of an organization. `limits` hold for each credential by itself."""

    limits = LimitsObject()
    credentials = UsedCredentialObject(
        many=True, help_text=f"The {MOST_CREDENTIALS} with the most requests."
    )


class CredentialUsageObject(SummedObject, UsedObject):
    """The usage of one credential. `reported` counts by their codes the requests that
    rules on trial would have refused."""

    addresses = AddressObject(many=True, help_text=f"At most {MOST_TOP}.")
    agents = AgentObject(many=True, help_text=f"At most {MOST_TOP}.")
    reported = serializers.DictField(child=serializers.IntegerField())
