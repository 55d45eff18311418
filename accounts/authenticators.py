"""Authenticators (WebAuthn): what they are asked, and whether an answer is right.

Each use asks for a fingerprint or a PIN, so one passkey is two factors.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnCredential, WebAuthnUserHandle
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import UserVerificationRequirement

from accounts import challenges
from accounts.models import User

LONGEST_ID = 1023
# What a browser, or who plays one, may send that is no answer.
UNREADABLE = (WebAuthnException, OTPWebAuthnApiError, ValueError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends back: `state` as it was asked, and what was signed."""

    state: str
    credential: dict[str, Any]


class Wrong(Exception):
    """The answer proves nothing."""


class Helper(WebAuthnHelper):
    """The package's, as it is used here."""

    def get_generate_registration_options_kwargs(self, *, user: User) -> dict[str, Any]:
        wish: dict[str, Any] = super().get_generate_registration_options_kwargs(
            user=user
        )
        chosen = wish["authenticator_selection"]
        chosen.user_verification = UserVerificationRequirement.REQUIRED
        return wish

    def _check_discoverable(self, original_data: dict[str, Any]) -> bool | None:
        """What no authenticator signs may be anything."""
        try:
            told: bool | None = super()._check_discoverable(original_data)
        except TypeError:
            return None
        return told

    def create_attestation(self, *told: Any) -> None:
        """Nothing here asks who made an authenticator, so nothing of it is kept."""


def ask(request: HttpRequest, *, purpose: str, user: User | None) -> dict[str, Any]:
    """What the browser needs to use a passkey: any one, or one of this person's."""
    options, _state = Helper(request).authenticate_begin(user)
    return _question(request, options, purpose)


def ask_for_new(request: HttpRequest, user: User, *, purpose: str) -> dict[str, Any]:
    """What the browser needs to make a passkey."""
    options, _state = Helper(request).register_begin(user)
    return _question(request, options, purpose)


def owner_of(answer: Answer) -> User | None:
    """Whose passkey it claims to be."""
    try:
        identifier = base64url_to_bytes(answer.credential["rawId"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    digest = WebAuthnCredential.get_credential_id_sha256(identifier)
    owner: User | None = User.objects.filter(
        webauthncredential__credential_id_sha256=digest
    ).first()
    return owner


def proven(
    request: HttpRequest, answer: Answer, challenge: str, *, user: User | None
) -> Any:
    """The passkey that signed the challenge, and is the person's if one is named. Its
    use is written down. Raises Wrong."""
    try:
        passkey = Helper(request).authenticate_complete(
            user, _state_of(challenge), answer.credential
        )
        names_owner = _names(answer, passkey.user)
    except UNREADABLE:
        raise Wrong from None
    if not (names_owner and passkey.confirmed and passkey.user.is_active):
        raise Wrong
    return passkey


def made(request: HttpRequest, answer: Answer, challenge: str, *, user: User) -> Any:
    """The new passkey of a person. Raises Wrong, also where somebody has it."""
    try:
        with transaction.atomic():
            passkey = Helper(request).register_complete(
                user, _state_of(challenge), answer.credential
            )
            if len(passkey.credential_id) > LONGEST_ID:
                raise Wrong
            return passkey
    except (*UNREADABLE, IntegrityError):
        raise Wrong from None


def _question(
    request: HttpRequest, options: dict[str, Any], purpose: str
) -> dict[str, Any]:
    challenge = options["challenge"]
    state = challenges.hand_out(request, challenge, purpose=purpose)
    return {"options": options, "state": state}


def _state_of(challenge: str) -> dict[str, Any]:
    return {"challenge": challenge, "require_user_verification": True}


def _names(answer: Answer, owner: User) -> bool:
    """Whether the authenticator, where it says whose passkey it used, means the same
    person (WebAuthn 7.2, step 6)."""
    shown = answer.credential["response"].get("userHandle")
    if shown is None:
        return True
    handle = WebAuthnUserHandle.get_handle_for_user(owner)
    return hmac.compare_digest(base64url_to_bytes(shown), handle)
