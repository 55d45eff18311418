"""The keys of an organization as rows that another deployment imports.

No secret is in them: only digests, which mean something where the same pepper is
configured, and hashes of other systems that were never used here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts import sealing
from accounts.models import Membership, Organization
from accounts.models.limited import NUMBERS
from apikeys import imported
from apikeys.hashes import DOORWARD, PBKDF2
from apikeys.models import ApiKey, ApiKeySecret

COLUMNS = (
    *("id", "name", "scopes", "environment", "owner", "contact", "is_service"),
    *("expires_at", "created_at", "disabled_at", "revoked_at", "revoked_reason"),
    *(*NUMBERS, "allowed_ips", "ip_mode", "metadata", "tags"),
    *("hint", "retires_at", "leaked_at", "format", "hash", "prefix"),
    *("wrapped", "imported_digest", "pepper", "pepper_check"),
)


def rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """A row for each secret that is not retired. Rows of one key share its `id`."""
    secrets = ApiKeySecret.objects.living(timezone.now()).filter(
        api_key__organization=organization,
        # The others are dead here, and nobody can bring them back to life.
        pepper__in=sealing.pepper_checks().values(),
    )
    whole = secrets.select_related(
        "api_key__membership__user", "api_key__contact__user"
    ).order_by("api_key_id", F("retires_at").asc(nulls_first=True))
    checks = {number: check for check, number in sealing.pepper_checks().items()}
    for secret in whole.iterator(chunk_size=1_000):
        row = _of_key(secret.api_key) | _of_secret(secret, checks)
        yield {name: row.get(name) for name in COLUMNS}


def _of_key(api_key: ApiKey) -> dict[str, Any]:
    return {
        "id": api_key.public_id,
        "name": api_key.name,
        "scopes": api_key.scopes,
        "environment": api_key.environment,
        "owner": _address(api_key.membership),
        "contact": _address(api_key.contact),
        "is_service": api_key.is_service,
        "expires_at": _time(api_key.expires_at),
        "created_at": _time(api_key.created_at),
        "disabled_at": _time(api_key.disabled_at),
        "revoked_at": _time(api_key.revoked_at),
        "revoked_reason": api_key.revoked_reason or None,
        **{name: getattr(api_key, name) for name in NUMBERS},
        "allowed_ips": api_key.allowed_ips,
        "ip_mode": api_key.ip_mode,
        "metadata": api_key.metadata,
        "tags": api_key.tags,
    }


def _of_secret(secret: ApiKeySecret, checks: dict[int, str]) -> dict[str, Any]:
    found = {
        "hint": secret.hint,
        "retires_at": _time(secret.retires_at),
        "leaked_at": _time(secret.leaked_at),
    }
    if secret.format == PBKDF2:
        hash_, prefix = imported.salted_of(secret)
        return {**found, "format": PBKDF2, "hash": hash_, "prefix": prefix}
    before = secret.imported_digest
    return {
        **found,
        "format": DOORWARD,
        "hash": bytes(secret.digest).hex(),
        "wrapped": secret.format or None,
        "imported_digest": bytes(before).hex() if before is not None else None,
        "pepper": secret.pepper,
        "pepper_check": checks[secret.pepper],
    }


def _address(membership: Membership | None) -> str | None:
    return membership.user.email if membership is not None else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment is not None else None
