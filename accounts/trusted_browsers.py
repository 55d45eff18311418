"""Browsers that a person trusts: for 30 days they are asked for no second step.

Only the sign-in page knows them. Another password or another second step ends the
trust, and so does "sign out everywhere else". Confirming that it is them needs the code
all the same.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import audit, sealing, sessions, totp
from accounts.audit import Actor
from accounts.models import TrustedBrowser, User
from accounts.models.factors import TrustedBrowserQuerySet

LIFETIME = timedelta(days=30)
# People who share a browser do not take each other's trust away.
MOST_SECRETS = 5
# 256 random bits each.
SECRETS = re.compile(r"[\w-]{43}(\.[\w-]{43}){0,4}", re.ASCII)
SALT = "accounts.trusted_browsers"


def cookie_name() -> str:
    return "__Host-trusted" if settings.SECURE_COOKIES else "trusted"


def is_trusted(request: HttpRequest, user: User) -> bool:
    """Whether this browser is trusted by the person, as they sign in today."""
    shown = _secrets(request)
    if not shown:
        return False
    digests = [each for secret in shown for each in sealing.digests(_text(secret))]
    found = of(user).filter(digest__in=digests).first()
    return found is not None and hmac.compare_digest(bytes(found.stamp), _stamp(user))


def trust(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Trust this browser. The person has just proven the second step in it."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        browser = TrustedBrowser.objects.create(
            user=user,
            digest=sealing.digest(_text(secret)),
            stamp=_stamp(user),
            user_agent=sessions.place_of(request).user_agent,
            expires_at=timezone.now() + LIFETIME,
        )
        _write("trusted", browser, by=audit.actor_of(request))
    response.set_cookie(
        cookie_name(),
        ".".join([secret, *_secrets(request)][:MOST_SECRETS]),
        max_age=LIFETIME,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def of(user: User) -> TrustedBrowserQuerySet:
    """Those that a person trusts today, the newest first. A broken stamp is not told
    apart here: see `trusted`."""
    return TrustedBrowser.objects.filter(
        user=user, expires_at__gt=timezone.now()
    ).order_by("-pk")


def trusted(user: User) -> list[TrustedBrowser]:
    """The same without those that another password or second step has ended."""
    if not totp.is_on(user):
        return []
    stamp = _stamp(user)
    return [browser for browser in of(user) if bytes(browser.stamp) == stamp]


def remove(browser: TrustedBrowser, *, by: Actor) -> None:
    with transaction.atomic():
        if TrustedBrowser.objects.filter(pk=browser.pk).delete()[0]:
            _write("distrusted", browser, by=by)


def _secrets(request: HttpRequest) -> list[str]:
    cookie = request.COOKIES.get(cookie_name(), "")
    return cookie.split(".") if SECRETS.fullmatch(cookie) else []


def _text(secret: str) -> str:
    return f"trusted:{secret}"


def _stamp(user: User) -> bytes:
    """Breaks with the password and with the authenticator."""
    device = totp.device_of(user)
    made = device.created_at.isoformat() if device is not None else ""
    told = f"{user.public_id}:{user.get_session_auth_hash()}:{made}"
    return salted_hmac(SALT, told, algorithm="sha256").digest()


def _write(what: str, browser: TrustedBrowser, *, by: Actor) -> None:
    audit.record(
        f"browser.{what}",
        by=by,
        organization=None,
        target=browser.user.public_id,
        browser=browser.public_id,
    )
