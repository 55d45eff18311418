"""The one permission class: views name capabilities, credentials have them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import totp
from accounts.codes import DPOP
from accounts.credentials import Credential
from accounts.problems import Problem

if TYPE_CHECKING:
    # REST framework reads its settings, this module among them, while it defines
    # APIView.
    from rest_framework.views import APIView

FRESH = timedelta(minutes=15)


class HoldsCapability(BasePermission):
    """Reads what the view declares.

    `required`: method -> capabilities, all of them needed; a method that is not named
    needs a credential only. `person_only`: keys are refused. `live_only`: sandbox keys
    are refused, because what the view shows has no sandbox.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        credential = cast(Credential | None, request.auth)
        if credential is None:
            raise Problem("credential_required")
        if getattr(view, "person_only", False):
            require_person(credential)
        if getattr(view, "live_only", False) and not credential.is_live:
            raise Problem(
                "environment_mismatch",
                "This belongs to the live environment. Use a live key.",
            )
        required: dict[str, list[str]] = getattr(view, "required", {})
        # HEAD is answered by the view's GET, so it needs what GET needs.
        method = "GET" if request.method == "HEAD" else str(request.method)
        for capability in required.get(method, ()):
            require(credential, capability)
        return True


def require(credential: Credential, capability: str) -> None:
    """Raises Problem `insufficient_scope` with the missing scope (RFC 6750 3.1)."""
    requirement = credential.product.capabilities[capability]
    if credential.allows(capability):
        if requirement.scope is not None:
            credential.exercised.add(requirement.scope)
        return
    if requirement.scope is None:
        raise Problem("forbidden", f"This needs the role {requirement.role} or higher.")
    raise insufficient_scope(credential, requirement.scope)


def insufficient_scope(credential: Credential, scope: str) -> Problem:
    """The refusal, with a challenge for the scheme that the credential came by."""
    words = f'This needs the scope "{scope}".'
    problem = Problem("insufficient_scope", words, missing=[scope])
    return problem.asking_for(DPOP) if credential.key_thumbprint else problem


def require_role(credential: Credential, role: str) -> None:
    """Raises Problem unless it may give this role, and so act on who has it."""
    if not credential.may_give_role(role):
        raise Problem("beyond_own_rights", f"You may not act on the role {role}.")


def require_person(credential: Credential) -> None:
    """Raises Problem `user_required` for a key or a machine's token."""
    if not credential.is_person:
        raise Problem("user_required")


def require_fresh(credential: Credential) -> None:
    """Raises Problem where the person showed that it is them, by signing in or later,
    more than 15 minutes ago."""
    confirmed_at = credential.confirmed_at
    if confirmed_at is None or timezone.now() - confirmed_at > FRESH:
        raise Problem("fresh_sign_in_required")


def require_step_up(credential: Credential) -> None:
    """Raises Problem where a person has a second step and used no code of it within 15
    minutes. A key has none."""
    user = credential.user
    if not credential.is_person or user is None or not totp.is_on(user):
        return
    used_at = credential.second_step_at
    if used_at is None or timezone.now() - used_at > FRESH:
        raise Problem(
            "fresh_sign_in_required",
            "Send a code of your authenticator to POST /api/v1/auth/step-up, "
            "then repeat the request within 15 minutes.",
        )
