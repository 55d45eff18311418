"""Step-up: a person who is signed in proves the second factor once more."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, login, sessions, totp
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import User
from accounts.permissions import require_person
from accounts.problems import Problem


def prove(request: HttpRequest, credential: Credential, code: str) -> None:
    """Use up a code of the person's, and write down when. Raises Problem where the code
    is wrong, or where there is no second factor to prove."""
    require_person(credential)
    user = credential.user
    if user is None or not totp.is_on(user):
        raise Problem("totp_not_enrolled", "You have no second step, so none is asked.")
    login.use_code(request, user, code)
    remember(user, credential, by=audit.actor_of(request))


def remember(user: User, credential: Credential, *, by: Actor) -> None:
    """Write down that the second factor was used in this sign-in, just now."""
    with transaction.atomic():
        own = sessions.open_sessions(user).with_public_id(credential.id)
        own.update(second_step_at=timezone.now())
        audit.record(
            "session.stepped_up",
            by=by,
            organization=credential.organization,
            target=credential.id,
        )
