"""The life of a key, for every door: issue, change, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import sealing
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Membership, Organization
from accounts.permissions import require, require_person
from accounts.problems import Problem
from apikeys import bounds, events, keys
from apikeys.models import ApiKey, ApiKeySecret

OF_ORGANIZATION = "organization"
OF_MEMBER = "me"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new key shall be. `owner` is "organization" or "me"; empty: what fits.

    `limits` are its own, by the names of `Limited`: what is not named is as above it.
    """

    name: str
    scopes: tuple[str, ...]
    environment: str
    expires_at: datetime | None = None
    owner: str = ""
    limits: Mapping[str, int | None] = field(default_factory=dict)


def issue(wish: Wish, *, maker: Credential, by: Actor) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once and stored nowhere. Raises
    Problem.

    Nobody mints what they do not hold: no wider scopes, no longer life, no higher
    limits, no other tenant.
    """
    membership = _owner(wish.owner, maker)
    bounds.refuse_environment(wish.environment, maker)
    bounds.refuse_wider(maker, wish.scopes)
    bounds.refuse_longer(maker, wish.expires_at)
    bounds.refuse_faster(maker, wish.limits)
    return issue_for(maker.organization, wish, membership=membership, by=by)


def issue_for(
    organization: Organization, wish: Wish, *, membership: Membership | None, by: Actor
) -> tuple[ApiKey, str]:
    """The same, by an operator or by a command: nothing of theirs bounds it but the
    plan."""
    text = keys.make(organization.product.key_prefix(wish.environment))
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        bounds.refuse_over_plan(organization)
        bounds.refuse_over_organization(organization, wish.limits)
        api_key = ApiKey.objects.create(
            organization=organization,
            membership=membership,
            name=wish.name,
            environment=wish.environment,
            scopes=list(wish.scopes),
            expires_at=wish.expires_at,
            created_by=by.id,
            **wish.limits,
        )
        ApiKeySecret.objects.create(
            api_key=api_key,
            digest=sealing.digest(text),
            pepper=sealing.newest_pepper(),
            hint=keys.hint(text),
        )
        own = {"limits": api_key.own_limits} if api_key.own_limits else {}
        events.record(
            "api_key.created", api_key, by=by, scopes=list(wish.scopes), **own
        )
    return api_key, text


def change(
    api_key: ApiKey, changes: dict[str, Any], *, changer: Credential, by: Actor
) -> ApiKey:
    """Change name, scopes, expiry or own limits, never beyond what the changer holds.

    Own limits come by the names of `Limited`. Raises Problem.
    """
    require_control(changer, api_key)
    with transaction.atomic():
        organization = Organization.objects.locked(api_key.organization)
        api_key = ApiKey.objects.select_for_update(of=("self",)).get(pk=api_key.pk)
        if api_key.revoked_at is not None:
            raise Problem("conflict", "A revoked key cannot be changed.")
        bounds.refuse_beyond(changer, api_key, changes)
        bounds.refuse_over_organization(organization, changes)
        # A key that comes back to life takes a place of the plan again.
        if "expires_at" in changes and api_key.is_expired(timezone.now()):
            bounds.refuse_over_plan(organization)
        _apply(changes, api_key, by=by)
    return api_key


def revoke(api_key: ApiKey, *, reason: str, by: Actor) -> None:
    """Refused from the answer on, by every worker. A second time changes nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=api_key.pk).revoke(reason):
            events.record("api_key.revoked", api_key, by=by, reason=reason)


def require_control(credential: Credential, api_key: ApiKey) -> None:
    """Raises Problem unless it may see and act on this key of its own organization."""
    if not credential.is_live and api_key.environment != credential.environment:
        raise Problem(
            "environment_mismatch", "This is a live key. Use a live key for it."
        )
    own = credential.is_person and api_key.belongs_to(credential.user)
    if not own:
        require(credential, "keys_manage")


def _owner(owner: str, maker: Credential) -> Membership | None:
    """Whose key it will be: none for the organization's."""
    fitting = OF_ORGANIZATION
    if maker.is_person and not maker.allows("keys_manage"):
        fitting = OF_MEMBER
    if (owner or fitting) == OF_ORGANIZATION:
        require(maker, "keys_manage")
        return None
    require_person(maker)
    return maker.membership


def _apply(changes: dict[str, Any], api_key: ApiKey, *, by: Actor) -> None:
    before = {name: getattr(api_key, name) for name in changes}
    if before == changes:
        return
    for name, value in changes.items():
        setattr(api_key, name, value)
    api_key.save(update_fields=list(changes))
    events.record("api_key.changed", api_key, by=by, before=before, after=changes)
