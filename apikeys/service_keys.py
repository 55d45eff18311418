"""Service keys: what a product's own services ask about credentials with."""

from __future__ import annotations

from django.db import transaction

from accounts.audit import Actor
from accounts.problems import Problem
from apikeys import events
from apikeys.models import ApiKey


def appoint(api_key: ApiKey, *, is_service: bool, by: Actor) -> ApiKey:
    """Let a key judge every credential of its product, or only its organization's
    again. For operators: no endpoint leads here. Raises Problem."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        if is_service and api_key.membership_id is not None:
            raise Problem("conflict", "A person's key cannot judge a whole product.")
        if api_key.is_service != is_service:
            before = {"is_service": api_key.is_service}
            api_key.is_service = is_service
            api_key.save(update_fields=["is_service"])
            after = {"is_service": is_service}
            events.record("api_key.changed", api_key, by=by, before=before, after=after)
    return api_key
