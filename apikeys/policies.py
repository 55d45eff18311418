"""What an organization asks of its keys: read, changed, and held against a key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from accounts.problems import Problem
from apikeys import address_lists
from apikeys.models import ENFORCE, ApiKey, KeyPolicy, policy_of

# What the outside calls the fields that rules look at; a whole key has them all.
FIELDS = ("expires_at", "allowed_ips", "ip_mode", "scopes", "owner")


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule, and the fields of a key whose change it judges.

    `breach` says what to send instead, or nothing. It gets the scopes that are new.
    """

    name: str
    fields: tuple[str, ...]
    breach: Callable[[KeyPolicy, ApiKey, frozenset[str]], str]


def change(
    organization: Organization, changes: dict[str, Any], *, by: Actor
) -> KeyPolicy:
    """Set some of the rules. Keys that are there live on; what they may become is
    judged anew."""
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        policy = policy_of(organization)
        before = {name: getattr(policy, name) for name in changes}
        if before == changes:
            return policy
        for name, value in changes.items():
            setattr(policy, name, value)
        policy.save()
        audit.record(
            "key_policy.changed",
            by=by,
            organization=organization,
            target=organization.public_id,
            before=before,
            after=changes,
        )
    return policy


def refuse_against_policy(
    api_key: ApiKey,
    *,
    changed: Collection[str] = FIELDS,
    scopes_before: Iterable[str] = (),
) -> None:
    """Refuses a key that its organization does not want to be so. Raises Problem.

    A rule speaks only where one of its fields is `changed`: what was there before the
    rule stays, and losing a scope is always allowed. Ask with the organization locked.
    """
    policy = policy_of(api_key.organization)
    product = api_key.organization.product
    added = product.expand(api_key.scopes) - product.expand(scopes_before)
    for rule in RULES:
        concerned = not set(rule.fields).isdisjoint(changed)
        advice = rule.breach(policy, api_key, added) if concerned else ""
        if advice:
            detail = f"Your organization's policy {rule.name}: {advice}"
            raise Problem("policy_refused", detail, rule=rule.name)


def _lives_too_long(policy: KeyPolicy, api_key: ApiKey, _: frozenset[str]) -> str:
    if policy.longest_days is None:
        return ""
    latest = timezone.now() + timedelta(days=policy.longest_days)
    if api_key.expires_at is not None and api_key.expires_at <= latest:
        return ""
    return (
        f"a key lives for at most {policy.longest_days} days. "
        f"Send expires_at, {latest:%FT%TZ} at the latest."
    )


def _never_ends(policy: KeyPolicy, api_key: ApiKey, _: frozenset[str]) -> str:
    if policy.must_expire and api_key.expires_at is None:
        return "a key must expire. Send expires_at."
    return ""


def _from_anywhere(policy: KeyPolicy, api_key: ApiKey, _: frozenset[str]) -> str:
    if not policy.ips_required:
        return ""
    listed = address_lists.merged(api_key.allowed_ips)
    # A list of everything is none.
    is_bound = listed and all(network.prefixlen for network in listed)
    if is_bound and api_key.ip_mode == ENFORCE:
        return ""
    return "a key is bound to addresses. Send allowed_ips, and ip_mode enforce."


def _owned_by_nobody(policy: KeyPolicy, api_key: ApiKey, added: frozenset[str]) -> str:
    owned = sorted(added & set(policy.owned_scopes))
    if api_key.membership_id is not None or not owned:
        return ""
    listed = ", ".join(owned)
    return f"only a person's own key has {listed}. Leave it out, or send owner me."


RULES = (
    _Rule("longest_days", ("expires_at",), _lives_too_long),
    _Rule("must_expire", ("expires_at",), _never_ends),
    _Rule("ips_required", ("allowed_ips", "ip_mode"), _from_anywhere),
    _Rule("owned_scopes", ("scopes", "owner"), _owned_by_nobody),
)
