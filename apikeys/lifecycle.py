"""The life of a key, for every door: issue, change, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.audit import Actor
from accounts.credentials import API_KEY, Credential
from accounts.models import Membership, Organization
from accounts.permissions import require, require_person, require_step_up
from accounts.problems import Problem
from apikeys import bounds, events, keys, policies
from apikeys.models import ENFORCE, LEAKED, ApiKey, ApiKeySecret

OF_ORGANIZATION = "organization"
OF_MEMBER = "me"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new key shall be. `owner` is "organization" or "me"; empty: what fits.

    `limits` are its own, by the names of `Limited`: what is not named is as above it.
    `contact` answers for a key of the organization; none: who makes it.
    """

    name: str
    scopes: tuple[str, ...]
    environment: str
    expires_at: datetime | None = None
    owner: str = ""
    limits: Mapping[str, int | None] = field(default_factory=dict)
    allowed_ips: tuple[str, ...] = ()
    ip_mode: str = ENFORCE
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    contact: Membership | None = None

    def key_of(
        self, organization: Organization, membership: Membership | None, *, by: Actor
    ) -> ApiKey:
        """The key, not yet in the database."""
        return ApiKey(
            organization=organization,
            membership=membership,
            contact=self.contact if membership is None else None,
            name=self.name,
            environment=self.environment,
            scopes=list(self.scopes),
            allowed_ips=list(self.allowed_ips),
            ip_mode=self.ip_mode,
            metadata=dict(self.metadata),
            tags=list(self.tags),
            expires_at=self.expires_at,
            created_by=by.id,
            **self.limits,
        )


def issue(wish: Wish, *, maker: Credential, by: Actor) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once and stored nowhere. Raises
    Problem.

    Nobody mints what they do not hold: no wider scopes, no longer life, no higher
    limits, no other addresses, no other tenant.
    """
    require_step_up(maker)
    with transaction.atomic():
        api_key = draft(wish, maker=maker, by=by)
        return api_key, _enter(api_key, by=by)


def draft(wish: Wish, *, maker: Credential, by: Actor) -> ApiKey:
    """The key that `issue` would make, judged by all its rules and not kept. Raises
    Problem. In a transaction: it locks the organization."""
    membership = _owner(wish.owner, maker)
    bounds.refuse_leaked(maker)
    bounds.refuse_environment(wish.environment, maker)
    bounds.refuse_wider(maker, wish.scopes)
    bounds.refuse_longer(maker, wish.expires_at)
    bounds.refuse_faster(maker, wish.limits)
    bounds.refuse_elsewhere(maker, wish.allowed_ips, ip_mode=wish.ip_mode)
    if membership is None and wish.contact is None:
        wish = replace(wish, contact=contact_of(maker))
    organization = Organization.objects.locked(maker.organization)
    api_key = wish.key_of(organization, membership, by=by)
    policies.refuse_against_policy(api_key)
    _refuse_new(api_key)
    return api_key


def issue_for(
    organization: Organization, wish: Wish, *, membership: Membership | None, by: Actor
) -> tuple[ApiKey, str]:
    """The same, by an operator or by a command: nothing of theirs bounds it but the
    plan, and its name is its own."""
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        api_key = wish.key_of(organization, membership, by=by)
        _refuse_new(api_key)
        return api_key, _enter(api_key, by=by)


def change(
    api_key: ApiKey, changes: dict[str, Any], *, changer: Credential, by: Actor
) -> ApiKey:
    """Change what a key is, by the names of its fields, never beyond what the changer
    holds.

    Own limits come by the names of `Limited`. Raises Problem.
    """
    require_control(changer, api_key)
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        if api_key.revoked_at is not None:
            raise Problem("conflict", "A revoked key cannot be changed.")
        bounds.refuse_beyond(changer, api_key, changes)
        bounds.refuse_over_organization(api_key.organization, changes)
        before = {name: getattr(api_key, name) for name in changes}
        if before != changes:
            _apply(changes, api_key)
            events.record(
                "api_key.changed", api_key, by=by, before=before, after=changes
            )
    return api_key


def prolong_for(api_key: ApiKey, expires_at: datetime | None, *, by: Actor) -> ApiKey:
    """Let a key end later, or never, by an operator. Raises Problem.

    Nothing of theirs bounds it but the plan, the key's name and the organization's
    policy.
    """
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        end = api_key.expires_at
        if api_key.revoked_at is not None:
            raise Problem("conflict", "A revoked key cannot be changed.")
        if end is None or (expires_at is not None and expires_at <= end):
            raise Problem.invalid("expires_at", "It does not end before that.")
        before, after = {"expires_at": end}, {"expires_at": expires_at}
        _apply(after, api_key)
        events.record("api_key.changed", api_key, by=by, before=before, after=after)
    return api_key


def revoke(api_key: ApiKey, *, reason: str, by: Actor) -> None:
    """Refused from the answer on, by every worker. A second time changes nothing, but
    that a key which was revoked for another reason is known to have leaked."""
    rows = ApiKey.objects.filter(pk=api_key.pk)
    with transaction.atomic():
        if rows.revoke(reason):
            events.record("api_key.revoked", api_key, by=by, reason=reason)
        elif reason == LEAKED and rows.exclude(revoked_reason=LEAKED).update(
            revoked_reason=LEAKED
        ):
            events.record("api_key.leaked", api_key, by=by, reason=reason)


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


def contact_of(maker: Credential) -> Membership | None:
    """Who answers for what this credential makes: its person, or its own contact."""
    if maker.membership is not None or maker.kind != API_KEY:
        return maker.membership
    return bounds.key_behind(maker).contact


def _refuse_new(api_key: ApiKey) -> None:
    """Refuses what its organization has no place for. It is locked."""
    organization = api_key.organization
    bounds.refuse_live_in_sandbox(api_key.environment)
    bounds.refuse_over_plan(organization)
    bounds.refuse_over_organization(organization, api_key.own_limits)
    bounds.refuse_taken_name(api_key)


def _enter(api_key: ApiKey, *, by: Actor) -> str:
    """Keep a new key. Its organization is locked. The answer is the key's text."""
    text = keys.make(api_key.organization.product.key_prefix(api_key.environment))
    api_key.save(force_insert=True)
    ApiKeySecret.objects.keep(api_key, text)
    own = {"limits": api_key.own_limits} if api_key.own_limits else {}
    events.record("api_key.created", api_key, by=by, scopes=api_key.scopes, **own)
    return text


def _apply(changes: dict[str, Any], api_key: ApiKey) -> None:
    """Set what differs, within what plan, names and policy allow."""
    differing = [
        name for name, value in changes.items() if getattr(api_key, name) != value
    ]
    was, scopes_before = api_key.status, api_key.scopes
    for name in differing:
        setattr(api_key, name, changes[name])
    # A key that comes back to life takes a place of the plan, and its name, again.
    comes_back = was == "expired" != api_key.status
    if comes_back and api_key.status == "active":
        bounds.refuse_over_plan(api_key.organization)
    if comes_back or "name" in differing:
        bounds.refuse_taken_name(api_key)
    policies.refuse_against_policy(
        api_key, changed=differing, scopes_before=scopes_before
    )
    api_key.save(update_fields=differing)
