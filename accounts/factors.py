"""What somebody can sign in with beside the password, as their own page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from accounts import passkeys, totp, trusted_browsers
from accounts.models import TotpDevice, TrustedBrowser, User
from accounts.models.factors import STEP_SECONDS


@dataclass(frozen=True, slots=True)
class Factors:
    """`app`: the authenticator that is on, `codes_left` its recovery codes."""

    app: TotpDevice | None
    app_used_at: datetime | None
    codes_left: int
    passkeys: list[WebAuthnCredential]
    browsers: list[TrustedBrowser]

    @property
    def is_password_alone(self) -> bool:
        return self.app is None and not self.passkeys

    @property
    def is_one_method_only(self) -> bool:
        """Who loses the phone has nothing left but paper."""
        return self.app is not None and not self.passkeys


def of(user: User) -> Factors:
    app = totp.device_of(user)
    return Factors(
        app=app,
        app_used_at=_used_at(app) if app is not None else None,
        codes_left=user.recovery_codes.filter(used_at=None).count() if app else 0,
        passkeys=list(passkeys.of(user)),
        browsers=trusted_browsers.trusted(user),
    )


def has_second() -> Q:
    """For a query of people: whether they have an authenticator or a passkey."""
    apps = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    own = WebAuthnCredential.objects.filter(user=OuterRef("pk"), confirmed=True)
    return Exists(apps) | Exists(own)


def _used_at(app: TotpDevice) -> datetime | None:
    """The 30 seconds in which its newest code was right."""
    if app.last_step < 0:
        return None
    used_at = datetime.fromtimestamp(app.last_step * STEP_SECONDS, UTC)
    # The app's clock may be ahead of ours.
    return min(used_at, timezone.now())
