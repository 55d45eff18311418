"""Confirm it is you: before whatever destroys or mints, at most 15 minutes ago.

With a second factor its use counts, without one the password, or a passkey.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts import (
    audit,
    authenticators,
    login,
    passkeys,
    passwords,
    permissions,
    sessions,
    step_up,
    totp,
)
from accounts.authenticators import Answer
from accounts.credentials import Credential
from accounts.problems import Problem
from accounts.visitors import Visitor

# The fields of the question. They never reach the page that was asked for.
PASSWORD, CODE = "confirm_password", "confirm_code"
FIELDS = (PASSWORD, CODE)
# Whether a link led to the question: then nothing was typed that goes on.
BY_LINK = "confirm_by_link"
# The last one is Django's, for each form anew.
NOT_CARRIED = (*FIELDS, BY_LINK, "csrfmiddlewaretoken")


class Unconfirmed(Exception):
    """The person has to be asked. `problem`: why what they answered was not taken."""

    def __init__(self, problem: Problem | None = None) -> None:
        super().__init__()
        self.problem = problem


def require(credential: Credential) -> None:
    """Raises Problem `fresh_sign_in_required` where the person has to be asked."""
    permissions.require_step_up(credential)
    if credential.user is not None and not totp.is_on(credential.user):
        permissions.require_fresh(credential)


def confirmed(request: HttpRequest, visitor: Visitor) -> Visitor:
    """The visitor, who has shown that it is them: now or within 15 minutes. Raises
    Unconfirmed."""
    try:
        if any(name in request.POST for name in FIELDS):
            return _proven(request, visitor)
    except Problem as problem:
        raise Unconfirmed(problem) from problem
    try:
        require(visitor.credential)
    except Problem as problem:
        raise Unconfirmed from problem
    return visitor


def _proven(request: HttpRequest, visitor: Visitor) -> Visitor:
    """By what was typed into the question. Raises Problem where it is wrong."""
    if totp.is_on(visitor.user):
        code = request.POST.get(CODE, "").replace(" ", "")
        step_up.prove(request, visitor.credential, code)
        return _now(visitor)
    with login.braked(request, account=visitor.user.email_key):
        typed = request.POST.get(PASSWORD, "")
        if passwords.person_with(visitor.user.email, typed) is None:
            raise Problem("wrong_password", "This is not your password.")
    return remember(request, visitor)


def ask_for_passkey(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    """What the browser needs to use one of the person's passkeys."""
    purpose = _purpose(visitor)
    return authenticators.ask(request, purpose=purpose, user=visitor.user)


def prove_by_passkey(request: HttpRequest, visitor: Visitor, answer: Answer) -> None:
    """It is the person, and a second factor of theirs. Raises Problem."""
    with passkeys.answered(
        request, answer, purpose=_purpose(visitor), user=visitor.user
    ):
        remember(request, visitor)
        step_up.remember(visitor.user, visitor.credential, by=visitor.actor)


def _purpose(visitor: Visitor) -> str:
    return f"confirm {visitor.credential.id}"


def remember(request: HttpRequest, visitor: Visitor) -> Visitor:
    """Write down that the person showed it, by password or by passkey."""
    own = sessions.open_sessions(visitor.user).with_public_id(visitor.credential.id)
    own.update(confirmed_at=timezone.now())
    audit.record(
        "session.confirmed",
        by=visitor.actor,
        organization=visitor.credential.organization,
        target=visitor.credential.id,
    )
    return _now(visitor)


def question(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    """What the page that asks has to know. It carries along what was typed."""
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NOT_CARRIED
        for value in values
    ]
    return {
        "carried": carried,
        "by_link": request.method != "POST" or BY_LINK in request.POST,
        "by_code": totp.is_on(visitor.user),
        "by_passkey": passkeys.has_any(visitor.user),
    }


def _now(visitor: Visitor) -> Visitor:
    now = timezone.now()
    is_on = totp.is_on(visitor.user)
    second_step_at = now if is_on else visitor.credential.second_step_at
    seen = replace(visitor.credential, confirmed_at=now, second_step_at=second_step_at)
    return replace(visitor, credential=seen)
