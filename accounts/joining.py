"""Accepting an invitation, the one door of page and API: who is there, then in."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from accounts import audit, invitations, login
from accounts.invitations import Newcomer
from accounts.models import Membership, User

INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What came with an invitation's token. A newcomer chooses name and password.

    Who has an account sends its password (and code) instead, unless signed in: without
    a membership anywhere there is nothing else to sign in to.
    """

    token: str
    name: str = ""
    password: str = ""
    totp_code: str = ""


def join(
    request: HttpRequest, acceptance: Acceptance, *, signed_in: User | None
) -> Membership:
    """The membership, joined. Raises Problem; guesses are counted."""
    person = invited(request, acceptance.token).user
    if signed_in is None and person.has_usable_password() and acceptance.password:
        signed_in = _proven(request, person, acceptance)
    newcomer = None
    if acceptance.password and signed_in is None:
        newcomer = Newcomer(acceptance.name, acceptance.password)
    return invitations.accept(
        acceptance.token,
        newcomer=newcomer,
        signed_in=signed_in,
        by=audit.actor_of(request),
    )


def invited(request: HttpRequest, token: str) -> Membership:
    """What this token invites to, and whom. Raises Problem; guesses are counted."""
    with login.braked(request, group=INVITATION):
        return invitations.invited(token)


def _proven(request: HttpRequest, person: User, acceptance: Acceptance) -> User:
    user = login.first_step(request, email=person.email, password=acceptance.password)
    login.second_step(request, user, code=acceptance.totp_code)
    return user
