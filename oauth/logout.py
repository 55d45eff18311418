"""Telling applications that a session has ended (OpenID Connect Back-Channel Logout).

Sessions are ended in many places, so this looks for ended ones instead of being told.
One that only runs out, or whose person is disabled, is not announced: its tokens are
refused anyway.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import ids, outbound, outbox
from accounts.models import Session
from oauth import jwts
from oauth.models import Application, Grant

KIND = "backchannel_logout"
# What ended longer ago is nobody's business any more.
RECENT = timedelta(days=1)
AT_ONCE = 100


def announce() -> int:
    """Queue a message for every application that an ended session was signed in
    to. The answer is how many."""
    listening = Application.objects.current().exclude(backchannel_logout_uri="")
    waiting = Grant.objects.filter(
        session__ended_at__gte=timezone.now() - RECENT,
        logout_announced_at=None,
        consumed_at__isnull=False,
        consent__application__in=listening.filter(is_active=True),
    ).select_related("consent__application", "consent__membership__user")
    return sum(_announce(grant) for grant in waiting[:AT_ONCE])


def _announce(grant: Grant) -> int:
    """One message per application and session, whatever number of grants there is."""
    application, user = grant.consent.application, grant.consent.user
    session_id: Any = grant.session_id
    same = Grant.objects.filter(
        session=session_id,
        consent__application=application,
        logout_announced_at=None,
        # A code that is redeemed later begins anew.
        consumed_at__isnull=False,
    )
    with transaction.atomic():
        if not same.update(logout_announced_at=timezone.now()):
            return 0
        payload = {
            "client_id": application.client_id,
            "sub": user.public_id,
            "sid": ids.encode(Session.prefix, session_id),
        }
        outbox.post(KIND, payload, organization=application.organization)
    return 1


def deliver(payload: dict[str, Any]) -> None:
    """Send one logout token. It is signed when it is sent, so that a late one is valid
    too. Raises outbox.Undelivered or OSError."""
    application = Application.objects.find(payload["client_id"])
    if application is None or application.status != "active":
        return
    if not application.backchannel_logout_uri:
        return
    token = jwts.logout_token(
        application, subject=payload["sub"], session=payload["sid"]
    )
    status = outbound.post_form(
        application.backchannel_logout_uri, {"logout_token": token}
    )
    # Back-Channel Logout 2.8: 200, and some frameworks say 204.
    if status not in (200, 204):
        raise outbox.Undelivered(f"The application answered {status}.")
