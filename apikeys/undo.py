"""Undo: a revoked key comes back as it was, for seven days."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.permissions import require_step_up
from accounts.problems import Problem
from apikeys import bounds, events, handing, policies
from apikeys.models import LEAKED, REASONS, ApiKey


def restore(api_key: ApiKey, *, restorer: Credential, by: Actor) -> ApiKey:
    """Take the revocation back: the same secrets, scopes, limits and expiry. Raises
    Problem.

    Nobody brings back more than they hold, and what leaked stays dead.
    """
    require_step_up(restorer)
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        handing.require_equal(restorer, api_key)
        return restore_for(api_key, by=by)


def restore_for(api_key: ApiKey, *, by: Actor) -> ApiKey:
    """The same by an operator: nothing of theirs bounds it."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        refusal = why_not(api_key)
        if refusal:
            raise Problem("conflict", refusal)
        reason = api_key.revoked_reason
        api_key.revoked_at, api_key.revoked_reason = None, ""
        _refuse_no_room(api_key)
        policies.refuse_against_policy(api_key)
        api_key.save(update_fields=["revoked_at", "revoked_reason"])
        events.record("api_key.restored", api_key, by=by, reason=reason)
    return api_key


def _refuse_no_room(api_key: ApiKey) -> None:
    """It takes a place of the plan, and its name, again; an expired one takes none."""
    if api_key.status == "active":
        bounds.refuse_over_plan(api_key.organization)
    if api_key.status != "expired":
        bounds.refuse_taken_name(api_key)


def why_not(api_key: ApiKey) -> str:
    """Why it cannot come back; empty where it can. Wants its people loaded, and
    `secrets` prefetched in lists."""
    until, reason = api_key.restorable_until, api_key.revoked_reason
    if api_key.revoked_at is None:
        return "The key is not revoked."
    if reason == LEAKED or api_key.has_leaked:
        return "The key has leaked. Make a new one."
    if reason not in REASONS:
        return f'It was ended by this service ("{reason}"). Make a new key.'
    if until is None or until <= timezone.now():
        return f"It was revoked at {api_key.revoked_at:%FT%TZ}, over 7 days ago."
    member = api_key.membership
    if member is not None and member.status == "removed":
        return "Its owner left the organization. Make a new key."
    return ""
