"""A key that rests: disabled for a while, and enabled again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.problems import Problem
from apikeys import bounds, events, handing
from apikeys.models import ApiKey


def disable(api_key: ApiKey, *, by: Actor, **details: Any) -> ApiKey:
    """Refused from the answer on, until it is enabled. A second time changes nothing.

    Less is always allowed: who may see a key may stop it. `details` say why, in the
    audit log and in webhooks.
    """
    with transaction.atomic():
        api_key = _held(api_key)
        if api_key.disabled_at is None:
            api_key.disabled_at = timezone.now()
            api_key.save(update_fields=["disabled_at"])
            events.record("api_key.disabled", api_key, by=by, **details)
    return api_key


def enable(api_key: ApiKey, *, enabler: Credential, by: Actor) -> ApiKey:
    """Let in again, as it was. It takes a place of the plan. Raises Problem.

    Nobody brings back more than they hold.
    """
    with transaction.atomic():
        api_key = _held(api_key)
        handing.require_equal(enabler, api_key)
        return enable_for(api_key, by=by)


def enable_for(api_key: ApiKey, *, by: Actor) -> ApiKey:
    """The same by an operator: nothing of theirs bounds it."""
    with transaction.atomic():
        api_key = _held(api_key)
        if api_key.disabled_at is not None:
            api_key.disabled_at = None
            if api_key.status == "active":
                bounds.refuse_over_plan(api_key.organization)
            api_key.save(update_fields=["disabled_at"])
            events.record("api_key.enabled", api_key, by=by)
    return api_key


def _held(api_key: ApiKey) -> ApiKey:
    """The row, locked, of a key that has not ended."""
    api_key = ApiKey.objects.locked(api_key)
    if api_key.revoked_at is not None:
        raise Problem("conflict", "The key is revoked, so this has no effect.")
    return api_key
