"""Rotation: a key gets a new secret, and the old one stays for as long as is chosen.

The key stays the same one: its id, rights, limits, counts and quota do not change. It
has one current secret, and beside it those that still live out their grace.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.permissions import require_step_up
from accounts.problems import Problem
from apikeys import events, handing, keys
from apikeys.models import ApiKey, ApiKeySecret
from apikeys.models.secrets import ApiKeySecretQuerySet

LONGEST_GRACE = int(timedelta(days=30).total_seconds())
# The clock of another worker may be behind ours: what ends now has ended there too.
CLOCKS_DIFFER = timedelta(minutes=1)


def rotate(
    api_key: ApiKey, grace_seconds: int, *, rotator: Credential, by: Actor
) -> tuple[ApiKey, str]:
    """A new current secret: the key and its text, shown this once. Raises Problem.

    The old secret lives for the grace, and never past the key's own expiry; without a
    grace it is refused from the answer on. While it lives, only a rotation without a
    grace is possible, which ends all others.
    """
    require_step_up(rotator)
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        handing.require_rotator(rotator, api_key)
        return rotate_for(api_key, grace_seconds, by=by)


def rotate_by_operator(
    api_key: ApiKey, grace_seconds: int, *, operator: Credential, by: Actor
) -> tuple[ApiKey, str]:
    """The same by an operator, who is shown the secret: never one of somebody's
    personal key, with which they would act in that person's name."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        handing.refuse_impersonation(operator, api_key)
        return rotate_for(api_key, grace_seconds, by=by)


def rotate_for(api_key: ApiKey, grace_seconds: int, *, by: Actor) -> tuple[ApiKey, str]:
    """The same, by an operator or by a command: nothing of theirs bounds it."""
    if not 0 <= grace_seconds <= LONGEST_GRACE:
        why = f"Use a whole number of seconds, at most {LONGEST_GRACE}."
        raise Problem.invalid("grace_seconds", why)
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        refuse_dead(api_key)
        ends = _end_of_grace(api_key, grace_seconds)
        _end(_living(api_key), ends)
        text = keys.make(_prefix(api_key))
        secret = ApiKeySecret.objects.keep(api_key, text)
        events.record(
            "api_key.rotated",
            api_key,
            by=by,
            grace_seconds=grace_seconds,
            old_secret_ends_at=ends,
            hint=secret.hint,
        )
    return api_key, text


def finish(api_key: ApiKey, *, finisher: Credential, by: Actor) -> ApiKey:
    """End the grace now. Raises Problem where no old secret is alive."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        handing.require_equal(finisher, api_key)
        refuse_dead(api_key)
        now = timezone.now()
        _retiring(api_key, now)
        if _current(api_key) is None:
            raise Problem("conflict", "It has no other secret. Rotate the key first.")
        _end(_living(api_key).exclude(retires_at=None), now)
        events.record("api_key.rotation_finished", api_key, by=by, ended_at=now)
    return api_key


def cancel(api_key: ApiKey, *, canceller: Credential, by: Actor) -> ApiKey:
    """Make the old secret the current one again and end the new one. Raises Problem
    where no old secret is alive, or where it has leaked."""
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        handing.require_equal(canceller, api_key)
        refuse_dead(api_key)
        now = timezone.now()
        old = _retiring(api_key, now)
        if old.leaked_at is not None:
            raise Problem("conflict", "The old secret has leaked. Rotate the key anew.")
        _end(_living(api_key).exclude(pk=old.pk), now)
        ApiKeySecret.objects.filter(pk=old.pk).update(retires_at=None)
        events.record(
            "api_key.rotation_cancelled", api_key, by=by, ended_at=now, hint=old.hint
        )
    return api_key


def refuse_dead(api_key: ApiKey) -> None:
    """Raises Problem: the secrets of a key that is over stay as they are."""
    if api_key.status in ("revoked", "expired"):
        raise Problem(
            "conflict", f"The key is {api_key.status}, so its secrets stay as they are."
        )


def _prefix(api_key: ApiKey) -> str:
    return api_key.organization.product.key_prefix(api_key.environment)


def _current(api_key: ApiKey) -> ApiKeySecret | None:
    return api_key.secrets.filter(retires_at=None).first()


def _retiring(api_key: ApiKey, now: datetime) -> ApiKeySecret:
    """The newest of the old secrets that are alive. Raises Problem without one."""
    old = api_key.secrets.filter(retires_at__gt=now).order_by("-pk").first()
    if old is None:
        raise Problem("conflict", "No rotation is under way: no old secret is alive.")
    return old


def _end_of_grace(api_key: ApiKey, grace_seconds: int) -> datetime:
    """When the present secrets end. Raises Problem where others end already: which of
    three secrets somebody still has, nobody could tell."""
    now = timezone.now()
    others = api_key.secrets.filter(retires_at__gt=now)
    if grace_seconds and _current(api_key) is not None and others.exists():
        raise Problem(
            "conflict",
            "An older secret is still alive. Finish or cancel that rotation first, or "
            "rotate with grace_seconds 0, which ends both.",
        )
    ends = now + timedelta(seconds=grace_seconds)
    return min(ends, api_key.expires_at or ends)


def _living(api_key: ApiKey) -> ApiKeySecretQuerySet:
    secrets: ApiKeySecretQuerySet = ApiKeySecret.objects.living(timezone.now())
    return secrets.filter(api_key=api_key)


def _end(living: ApiKeySecretQuerySet, ends: datetime) -> None:
    """Let these secrets end at that moment, or before where they do so already."""
    now = timezone.now()
    if ends <= now:
        ends = now - CLOCKS_DIFFER
    longer = living.filter(Q(retires_at=None) | Q(retires_at__gt=ends))
    longer.update(retires_at=ends)
