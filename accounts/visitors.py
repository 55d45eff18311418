"""Who looks at a page of the settings: a signed-in person, in one organization."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from accounts import audit, authentication
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Organization, Session, User


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser's sign-in, and the credential that it is."""

    session: Session
    credential: Credential
    actor: Actor

    @property
    def user(self) -> User:
        return self.session.membership.user

    @property
    def organization(self) -> Organization:
        return self.credential.organization


def visitor_of(request: HttpRequest, session: Session) -> Visitor:
    """Also tells the audit log which sign-in acts."""
    credential = authentication.credential_of(session, expires_at=session.expires_at)
    request.credential = credential  # type: ignore[attr-defined]
    return Visitor(session, credential, audit.actor_of(request))
