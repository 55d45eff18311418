"""What a passkey is asked to sign: once, for five minutes, in the browser that asked.

Nothing is kept until it is used. The page carries it, signed, and brings it back; so
two windows do not take each other's away.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.core import signing
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import replays
from accounts.problems import Problem

LIFETIME = timedelta(minutes=5)
SALT = "accounts.challenges"


def hand_out(request: HttpRequest, challenge: str, *, purpose: str) -> str:
    """The text that brings the challenge back."""
    stamp = {"challenge": challenge, "for": purpose, "browser": _browser(request)}
    return signing.dumps(stamp, salt=SALT)


def take_back(request: HttpRequest, text: str, *, purpose: str) -> str:
    """The challenge, used up by this. Raises Problem where it is no longer good."""
    try:
        stamp = signing.loads(text, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        raise _out_of_date() from None
    is_ours = hmac.compare_digest(stamp["browser"], _browser(request))
    if not is_ours or stamp["for"] != purpose:
        raise _out_of_date()
    challenge = str(stamp["challenge"])
    until = timezone.now() + LIFETIME
    if not replays.first_use(f"passkey:{challenge}", until=until):
        raise _out_of_date()
    return challenge


def _browser(request: HttpRequest) -> str:
    """The cookie against forged forms names the browser. A sign-in changes it, and so
    ends what was asked before."""
    secret = request.META.get("CSRF_COOKIE", "")
    return salted_hmac(SALT, secret, algorithm="sha256").hexdigest()


def _out_of_date() -> Problem:
    return Problem("invalid_request", _("This question is out of date. Try again."))
