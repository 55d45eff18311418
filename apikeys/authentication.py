"""How a request proves an API key."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts import ids
from accounts.audit import Actor
from accounts.credentials import API_KEY, Credential, Departure, rights
from accounts.models import Membership, Organization, User
from accounts.presented import API_KEY_HEADER, BEARER
from accounts.problems import Problem
from apikeys import departures, keys
from apikeys.models import LEAKED, REPORT, ApiKey, ApiKeySecret
from ratelimits.addresses import Network, networks_of
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
        return proven(secret)

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

    def departure(self, membership: Membership) -> Departure:
        return departures.departure(membership)

    def held_counts(self, memberships: Iterable[UUID]) -> dict[UUID, int]:
        return departures.counts(memberships)

    def left(self, membership: Membership, reason: str, *, by: Actor) -> int:
        return departures.left(membership, reason, by=by)


api_keys = ApiKeys()


def proven(secret: ApiKeySecret) -> Credential:
    """What the secret is worth that somebody showed. Raises Problem for a dead one."""
    _refuse_dead(secret)
    return credential_of(secret)


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
        networks=_networks(api_key) if api_key.allowed_ips else (),
        is_trying_networks=api_key.ip_mode == REPORT,
        judges_product=api_key.is_service,
    )


def _networks(api_key: ApiKey) -> tuple[Network, ...]:
    """Raises ImproperlyConfigured: a list that cannot be read must not let all in."""
    try:
        return networks_of(tuple(api_key.allowed_ips))
    except (TypeError, ValueError) as error:
        message = f"The address list of {api_key.public_id} cannot be read."
        raise ImproperlyConfigured(message) from error


def counted_of(api_key: ApiKey) -> Counted:
    """Where its usage is counted, also when it is dead."""
    organization = api_key.organization.public_id
    return Counted(api_key.public_id, API_KEY, organization, api_key.environment)


def _refuse_dead(secret: ApiKeySecret) -> None:
    """The secret is proven from here on, so each refusal says why."""
    refusal = _why_dead(secret)
    if refusal is not None:
        raise refusal.about(counted_of(secret.api_key))


def _leaked(secret: ApiKeySecret) -> bool:
    """Whether that is why this dead one is dead."""
    if secret.api_key.revoked_at is not None:
        return secret.api_key.revoked_reason == LEAKED
    return secret.leaked_at is not None


def _why_dead(secret: ApiKeySecret) -> Problem | None:
    api_key, now = secret.api_key, timezone.now()
    is_replaced = secret.is_retired(now)
    if api_key.revoked_at is not None or (is_replaced and _leaked(secret)):
        return Problem("key_leaked" if _leaked(secret) else "key_revoked")
    if api_key.is_expired(now):
        ended_at = f"{api_key.expires_at:%FT%TZ}"
        text = f"It expired at {ended_at}."
        return Problem("key_expired", text, expires_at=ended_at)
    if is_replaced:
        return Problem("key_revoked", "This secret was replaced. Use the new one.")
    if api_key.disabled_at is not None:
        return Problem("key_disabled")
    if not api_key.organization.is_active:
        return Problem("organization_suspended")
    # Its organization is the key's and was looked at: asking again would be a query.
    if api_key.membership is not None and api_key.membership.status != "active":
        return Problem("owner_inactive")
    return None
