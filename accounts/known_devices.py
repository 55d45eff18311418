"""Devices on which a person signed in before: their guesses are counted apart.

A long-lived cookie names the device and holds a seal for each account that signed in on
it. It is no credential: it opens nothing, and all that it is good for is a counter of
its own at the brakes. So the API may read it too.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts import totp
from accounts.models import User

LIFETIME = timedelta(days=365)
MOST_ACCOUNTS = 5
# Five seals, the device, the time and the signature come to 188 characters.
LONGEST = 256
SEAL_BYTES = 16
SALT = "accounts.known_devices"


def cookie_name() -> str:
    return "__Host-device" if settings.SECURE_COOKIES else "device"


def shown(request: HttpRequest, email: str) -> str:
    """The device of this request, if the account signed in on it since it has its
    present password and second step. Else ""."""
    device, seals = _read(request)
    if not (email and seals):
        return ""
    user = User.objects.with_email(email).first()
    # Unknown accounts cost the same as known ones.
    seal = _seal(device, user)
    found = any(hmac.compare_digest(seal, one) for one in seals)
    return device if found else ""


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """The person has signed in, with every factor that is on: know the device again."""
    device, seals = _read(request)
    device = device or secrets.token_urlsafe(16)
    own = _seal(device, user)
    others = [seal for seal in seals if seal != own]
    value = ".".join([device, own, *others][: MOST_ACCOUNTS + 1])
    response.set_cookie(
        cookie_name(),
        _signer().sign(value),
        max_age=LIFETIME,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    """The device and its seals. Nothing where the cookie is not ours, or too old."""
    cookie = request.COOKIES.get(cookie_name(), "")
    if len(cookie) > LONGEST:
        return "", []
    try:
        value = _signer().unsign(cookie, max_age=LIFETIME)
    except BadSignature:
        return "", []
    device, *seals = value.split(".")
    return device, seals


def _seal(device: str, user: User | None) -> str:
    """Tells nobody which account it is for. It breaks when the password or the second
    step changes: who knew one factor only must not have a counter left for the other.
    """
    whose = ""
    if user is not None:
        second = totp.device_of(user)
        stamp = second.created_at.isoformat() if second is not None else ""
        whose = f"{user.public_id}:{user.get_session_auth_hash()}:{stamp}"
    mac = salted_hmac(SALT, f"{device}:{whose}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac[:SEAL_BYTES]).decode().rstrip("=")


def _signer() -> TimestampSigner:
    return TimestampSigner(salt=SALT)
