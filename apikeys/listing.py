"""Which keys of those that a caller may see are listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils import timezone
from rest_framework import serializers

from accounts.credentials import Credential
from accounts.fields import StrictCharField, StrictChoiceField, StrictSerializer
from accounts.models import User
from accounts.permissions import require_person
from accounts.products import ENVIRONMENTS
from apikeys.fields import DaysInAddressField
from apikeys.json_search import ListContains, ListHas, ObjectContains
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION
from apikeys.models import ApiKeySecret
from apikeys.models.keys import ApiKeyQuerySet

STATUSES = ("active", "disabled", "expired", "revoked")


class ApiKeyQuery(StrictSerializer):
    """Filters of the list; a key has to pass all that are given."""

    search = StrictCharField(
        required=False,
        max_length=100,
        help_text="A part of the name, the hint, a tag or a value of the metadata.",
    )
    tag = StrictCharField(required=False, max_length=40)
    status = StrictChoiceField(choices=STATUSES, required=False)
    owner = StrictCharField(
        required=False, max_length=40, help_text="organization, me or a member's id."
    )
    scope = StrictCharField(
        required=False, max_length=64, help_text="A scope that the key was granted."
    )
    environment = StrictChoiceField(choices=ENVIRONMENTS, required=False)
    orphaned = StrictChoiceField(
        choices=["true", "false"],
        required=False,
        help_text="Whether its contact works here no longer.",
    )
    unused_days = DaysInAddressField(help_text="Neither used nor made in so many days.")
    expiring_days = DaysInAddressField(help_text="Expires within so many days.")

    def validate_scope(self, scope: str) -> str:
        known = self.context["product"].scopes
        if scope not in known:
            listed = ", ".join(known)
            raise serializers.ValidationError(f"Unknown scope. There are: {listed}.")
        return scope


def narrowed(
    rows: ApiKeyQuerySet, wanted: Mapping[str, Any], *, seer: Credential
) -> ApiKeyQuerySet:
    """Those of the rows that pass every filter. They are the seer's to see. Raises
    Problem."""
    if "owner" in wanted:
        rows = rows.filter(_owned(wanted["owner"], seer))
    if "orphaned" in wanted:
        orphaned = rows.orphaned().values("pk")
        is_wanted = Q(pk__in=orphaned)
        rows = rows.filter(is_wanted if wanted["orphaned"] == "true" else ~is_wanted)
    for name, value in wanted.items():
        if name in FILTERS:
            rows = rows.filter(FILTERS[name](value))
    return rows


def _owned(owner: str, seer: Credential) -> Q:
    if owner == OF_ORGANIZATION:
        return Q(membership=None)
    if owner == OF_MEMBER:
        if seer.membership is None:
            require_person(seer)
        return Q(membership=seer.membership)
    return Q(membership__user__in=User.objects.with_public_id(owner))


def _found(text: str) -> Q:
    hints = ApiKeySecret.objects.filter(api_key=OuterRef("pk"), hint__icontains=text)
    return (
        Q(name__icontains=text)
        | Q(Exists(hints))
        | Q(ListContains(F("tags"), Value(text)))
        | Q(ObjectContains(F("metadata"), Value(text)))
    )


def _in_state(status: str) -> Q:
    """The same order as `ApiKey.status`: the first that holds."""
    if status == "revoked":
        return Q(revoked_at__isnull=False)
    expired = Q(expires_at__isnull=False, expires_at__lte=timezone.now())
    if status == "expired":
        return Q(revoked_at=None) & expired
    is_disabled = Q(disabled_at__isnull=status == "active")
    return Q(revoked_at=None) & ~expired & is_disabled


def _unused(days: int) -> Q:
    since = timezone.now() - timedelta(days=days)
    never = Q(last_used_at=None, created_at__lt=since)
    return never | Q(last_used_at__lt=since)


def _expiring(days: int) -> Q:
    now = timezone.now()
    soon = Q(expires_at__gt=now, expires_at__lte=now + timedelta(days=days))
    return soon & Q(revoked_at=None)


FILTERS: dict[str, Callable[[Any], Q]] = {
    "search": _found,
    "tag": lambda tag: Q(ListHas(F("tags"), Value(tag))),
    "status": _in_state,
    "scope": lambda scope: Q(ListHas(F("scopes"), Value(scope))),
    "environment": lambda environment: Q(environment=environment),
    "unused_days": _unused,
    "expiring_days": _expiring,
}
