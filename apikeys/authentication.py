"""How a request proves an API key."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from accounts import ids
from accounts.authentication import API_KEY_HEADER, BEARER
from accounts.credentials import API_KEY, Credential, rights
from accounts.models import Organization, User
from accounts.problems import Problem
from apikeys import keys
from apikeys.models import ApiKey, ApiKeySecret
from ratelimits.counted import Counted
from ratelimits.limits import Limits


class ApiKeys:
    """The kind of credential that integrations hold."""

    name = API_KEY
    carriers = frozenset({BEARER, API_KEY_HEADER})

    def recognises(self, text: str) -> bool:
        return keys.prefix_of(text) is not None

    def find(self, text: str) -> Credential | None:
        if not keys.well_formed(text):
            return None
        secret = ApiKeySecret.objects.find(text)
        if secret is None:
            return None
        _refuse_dead(secret)
        return credential_of(secret)

    def held_by(self, user: User, organization: Organization) -> list[str]:
        rows = ApiKey.objects.live().filter(
            membership__user=user, organization=organization
        )
        return [api_key.public_id for api_key in rows]

    def names(self, ids_: Iterable[str]) -> dict[str, str]:
        wanted = [ids.decode(ApiKey.prefix, text) for text in ids_]
        rows = ApiKey.objects.filter(pk__in=wanted)
        return {api_key.public_id: api_key.name for api_key in rows}

    def limits(self, ids_: Iterable[str]) -> dict[str, Limits]:
        wanted = [ids.decode(ApiKey.prefix, text) for text in ids_]
        rows = ApiKey.objects.filter(pk__in=wanted).select_related("organization")
        return {api_key.public_id: api_key.limits for api_key in rows}

    def end(self, user: User, organization: Organization, reason: str) -> int:
        rows = ApiKey.objects.filter(membership__user=user, organization=organization)
        return rows.revoke(reason)


api_keys = ApiKeys()


def credential_of(secret: ApiKeySecret) -> Credential:
    """The credential of a key that is alive. Its organization and people are loaded."""
    api_key = secret.api_key
    organization, membership = api_key.organization, api_key.membership
    role = membership.role if membership is not None else None
    return Credential(
        kind=API_KEY,
        id=api_key.public_id,
        organization=organization,
        membership=membership,
        environment=api_key.environment,
        rights=rights(organization, api_key.scopes, role=role),
        expires_at=api_key.expires_at,
        limits=api_key.limits,
        rate_key=counted_of(api_key).credential,
        rows=((ApiKey, api_key.pk), (ApiKeySecret, secret.pk)),
    )


def counted_of(api_key: ApiKey) -> Counted:
    """Where its usage is counted, also when it is dead."""
    organization = api_key.organization.public_id
    return Counted(api_key.public_id, API_KEY, organization, api_key.environment)


def _refuse_dead(secret: ApiKeySecret) -> None:
    """The secret is proven from here on, so each refusal says why."""
    refusal = _why_dead(secret)
    if refusal is not None:
        raise refusal.about(counted_of(secret.api_key))


def _why_dead(secret: ApiKeySecret) -> Problem | None:
    api_key, now = secret.api_key, timezone.now()
    if api_key.revoked_at is not None or secret.is_retired(now):
        return Problem("key_revoked")
    if api_key.is_expired(now):
        return Problem("key_expired", f"It expired at {api_key.expires_at:%FT%TZ}.")
    if api_key.disabled_at is not None:
        return Problem("key_disabled")
    if not api_key.organization.is_active:
        return Problem("organization_suspended")
    # Its organization is the key's and was looked at: asking again would be a query.
    if api_key.membership is not None and api_key.membership.status != "active":
        return Problem("owner_inactive")
    return None
