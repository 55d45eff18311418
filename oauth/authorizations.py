"""An authorization: what a person's yes becomes, and the code that stands for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts import sealing
from accounts.models import Membership, Session
from oauth import looks
from oauth.models import Application, Consent, Grant

CODE_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an authorization request asks for, checked."""

    redirect_uri: str
    scopes: Sequence[str]
    resource: Sequence[str]
    parameters: Mapping[str, str]


def membership_for(session: Session, application: Application) -> Membership | None:
    """Which membership of the person an application may be let into, if any: the one
    they are signed in with, else theirs in the application's own organization."""
    present: Membership = session.membership
    if application.serves(present.organization):
        return present
    usable = Membership.objects.usable().select_related("organization")
    found: Membership | None = usable.filter(
        user=present.user_id, organization=application.organization_id
    ).first()
    if found is not None:
        # As the person was when the session was checked.
        found.user = present.user
    return found


def authorize(asked: Asked, *, consent: Consent, session: Session) -> tuple[Grant, str]:
    """A code for an application, to be shown once."""
    code = looks.make(looks.CODE_PREFIX)
    parameters = asked.parameters
    grant = Grant.objects.create(
        consent=consent,
        code_digest=sealing.digest(code),
        expires=timezone.now() + CODE_LIFETIME,
        # Empty where the request left it out, so that the exchange may, too.
        redirect_uri=parameters.get("redirect_uri", ""),
        scope=" ".join(asked.scopes),
        resource=list(asked.resource),
        code_challenge=parameters.get("code_challenge", ""),
        nonce=parameters.get("nonce", ""),
        dpop_jkt=parameters.get("dpop_jkt", ""),
        session=session,
        auth_time=session.authenticated_at,
        amr=session.factors,
    )
    return grant, code
