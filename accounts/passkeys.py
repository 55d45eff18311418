"""Passkeys (WebAuthn Level 3): who has some, and how they are made and used."""

from __future__ import annotations

from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import User


def has_any(user: User) -> bool:
    return WebAuthnCredential.objects.filter(user=user, confirmed=True).exists()
