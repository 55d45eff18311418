"""Why an authorization counts or not, as every row behind it says now."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Membership
from oauth.models import AccessToken, Application, Consent, Grant


def why_application_dead(application: Application) -> str | None:
    """The code of the refusal, none where the application may act."""
    return None if application.is_usable else "application_inactive"


def why_dead(application: Application, consent: Consent) -> str | None:
    """The same for an application that acts for a person."""
    membership: Membership = consent.membership
    if not consent.stands:
        return "grant_withdrawn"
    if not membership.organization.is_active:
        return "organization_suspended"
    if membership.status != "active":
        return "owner_inactive"
    if not application.serves(membership.organization):
        return "application_inactive"
    return why_application_dead(application)


def why_grant_dead(application: Application, grant: Grant) -> str | None:
    if grant.revoked_at is not None:
        return "grant_withdrawn"
    return why_dead(application, grant.consent)


def why_token_dead(token: AccessToken, now: datetime) -> str | None:
    """What speaks against an access token that was proven."""
    if token.revoked_at is not None:
        return "grant_withdrawn"
    if token.expires <= now:
        return "token_expired"
    if token.grant is None:
        return why_application_dead(token.application)
    return why_grant_dead(token.application, token.grant)
