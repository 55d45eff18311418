"""Service keys: what a product's own services ask about credentials with."""

from __future__ import annotations

from django.db import transaction

from accounts.audit import Actor
from accounts.problems import Problem
from apikeys import events
from apikeys.models import ApiKey


def appoint(api_key: ApiKey, *, by: Actor) -> ApiKey:
    """Let a key judge every credential of its product. For operators: no endpoint leads
    here. Raises Problem."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        if api_key.membership_id is not None:
            raise Problem("conflict", "A person's key cannot judge a whole product.")
        _change(api_key, {"is_service": True}, by=by)
    return api_key


def dismiss(api_key: ApiKey, *, by: Actor) -> ApiKey:
    """Let it judge the credentials of its organization only, again."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        _change(api_key, {"is_service": False}, by=by)
    return api_key


def _change(api_key: ApiKey, after: dict[str, bool], *, by: Actor) -> None:
    before = {"is_service": api_key.is_service}
    if before != after:
        api_key.is_service = after["is_service"]
        api_key.save(update_fields=["is_service"])
        events.record("api_key.changed", api_key, by=by, before=before, after=after)
