"""Devices without a browser: two codes, one for the device, one for the person
(RFC 8628)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from accounts import audit, sealing
from accounts.audit import Actor
from accounts.lookups import Lookup
from accounts.models import Membership, Session
from oauth import consents, looks, tokens
from oauth.models import Application, DeviceGrant, Grant
from oauth.tokens import Order

LIFETIME = timedelta(minutes=15)
SLOW_DOWN_SECONDS = 5
# RFC 8628 6.1: consonants only, so that no code is a word; 20^8 is 34 bits, and the
# page that takes it is braked.
USER_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
USER_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Begun:
    """Both codes of a device, shown once. `expires_in` and `interval` are seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int


def begin(
    application: Application,
    scopes: Sequence[str],
    *,
    resource: Sequence[str] = (),
    address: str = "",
) -> Begun:
    """A device that waits. `address`: where it asked from, as the person is told."""
    device_code = looks.make(looks.DEVICE_PREFIX)
    letters = "".join(secrets.choice(USER_ALPHABET) for _ in range(USER_LENGTH))
    device = DeviceGrant.objects.create(
        application=application,
        device_digest=sealing.digest(device_code),
        user_digest=_user_digests(letters)[0],
        scope=" ".join(scopes),
        resource=list(resource),
        address=address,
        expires=timezone.now() + LIFETIME,
    )
    seconds = int(LIFETIME.total_seconds())
    return Begun(device_code, spelled(letters), seconds, device.interval)


def spelled(user_code: str) -> str:
    """A code as a device shows it, however a person typed it."""
    letters, half = _letters(user_code), USER_LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}"


def asked_at(device: DeviceGrant) -> datetime:
    """When the device began."""
    return device.expires - LIFETIME


def find(device_code: str) -> DeviceGrant | None:
    """The device that holds this code, with all that decides: one query."""
    if not looks.well_formed(device_code, looks.DEVICE_PREFIX):
        return None
    return _by_device_code.find(sealing.digests(device_code))


def waiting(user_code: str) -> DeviceGrant | None:
    """The device whose code a person typed, in any spelling, while it waits."""
    found: DeviceGrant | None = (
        DeviceGrant.objects.select_related("application__organization")
        .filter(user_digest__in=_user_digests(_letters(user_code)))
        .first()
    )
    return found if found is not None and found.is_open(timezone.now()) else None


def poll(device: DeviceGrant) -> str | None:
    """What to tell the device (RFC 8628 3.5). None: its code is used up."""
    now = timezone.now()
    if device.consumed_at is not None:
        return None
    if device.expires <= now:
        return DeviceCodeGrant.DEVICE_CODE_EXPIRED
    if device.denied_at is not None:
        return DeviceCodeGrant.DEVICE_CODE_DENIED
    if device.grant is not None:
        return DeviceCodeGrant.DEVICE_CODE_AUTHORIZED
    row = DeviceGrant.objects.filter(pk=device.pk)
    last = device.last_polled_at
    if last is not None and now - last < timedelta(seconds=device.interval):
        row.update(last_polled_at=now, interval=device.interval + SLOW_DOWN_SECONDS)
        return DeviceCodeGrant.DEVICE_CODE_SLOW_DOWN
    row.update(last_polled_at=now)
    return DeviceCodeGrant.DEVICE_CODE_PENDING


def allow(
    device: DeviceGrant,
    *,
    membership: Membership,
    session: Session,
    scopes: Sequence[str],
    by: Actor,
) -> bool:
    """Let the device in, with these of its scopes. False: it does not wait any more.

    Raises Problem where the person's session has ended meanwhile.
    """
    with transaction.atomic():
        consent = consents.give(membership, device.application, scopes, by=by)
        grant = Grant.objects.create(
            consent=consent,
            expires=device.expires,
            scope=" ".join(scopes),
            resource=device.resource,
            session=session,
            auth_time=session.authenticated_at,
            amr=session.factors,
        )
        allowed = _open(device).update(grant=grant)
        if not allowed:
            grant.delete()
    return bool(allowed)


def deny(device: DeviceGrant, *, membership: Membership, by: Actor) -> bool:
    """Keep the device out. False: it does not wait any more."""
    with transaction.atomic():
        denied = bool(_open(device).update(denied_at=timezone.now()))
        if denied:
            audit.record(
                "device.denied",
                by=by,
                organization=membership.organization,
                target=device.application.public_id,
            )
    return denied


def redeem(device: DeviceGrant, order: Order) -> tokens.Answer | None:
    """Tokens for a device that was let in, once. None: it had them already."""
    assert order.grant is not None  # noqa: S101 - a device that was let in has one
    grant, now = order.grant, timezone.now()
    grant.expires = now + order.application.product.oauth.refresh_absolute
    minted = tokens.mint(order)
    with transaction.atomic():
        unused = DeviceGrant.objects.filter(pk=device.pk, consumed_at=None)
        if not unused.update(consumed_at=now):
            return None
        rows = Grant.objects.filter(pk=grant.pk)
        rows.update(consumed_at=now, expires=grant.expires)
        minted.store()
    return minted.answer


def _open(device: DeviceGrant) -> QuerySet[DeviceGrant]:
    return DeviceGrant.objects.filter(
        pk=device.pk, grant=None, denied_at=None, expires__gt=timezone.now()
    )


def _letters(user_code: str) -> str:
    return "".join(letter for letter in user_code.upper() if letter.isalnum())


def _user_digests(letters: str) -> list[bytes]:
    # Apart from every other digest: a short code must not meet a long secret's.
    return sealing.digests(f"user-code:{letters}")


_by_device_code: Lookup[DeviceGrant] = Lookup(
    lambda: DeviceGrant.objects.select_related(
        "application__organization",
        "grant__consent__membership__user",
        "grant__consent__membership__organization",
    ),
    by="device_digest",
)
