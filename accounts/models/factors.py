"""Second factors and the way back in without a password."""

from __future__ import annotations

import hmac
import re
import time
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django_otp.models import Device
from django_otp.oath import hotp

from accounts import sealing
from accounts.models.identified import Identified, IdentifiedQuerySet
from accounts.models.people import User

STEP_SECONDS = 30
# Clocks may differ by one step either way (RFC 6238 5.2).
DRIFT = (-1, 0, 1)
# Six ASCII digits: int() would also take spaces, underscores and other scripts' digits,
# each of which would be a second life for a used code.
CODE = re.compile(r"[0-9]{6}")


class TotpDevice(Device):
    """A person's authenticator app (RFC 6238). The secret is sealed.

    `last_step` is the newest 30 s step that was accepted; it only grows, so that no
    code can be used twice (RFC 6238 5.2).
    """

    sealed_secret = models.BinaryField(editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "confirmed"], name="one_device_of_each_state"
            ),
        ]

    def __str__(self) -> str:
        return f"authenticator of {self.user_id}"

    @staticmethod
    def context(user: User) -> str:
        """What the sealed secret is bound to."""
        return f"totp:{user.public_id}"

    def verify_token(self, token: str) -> bool:
        """Whether the code is right and was never used. One update makes it used."""
        if CODE.fullmatch(token) is None:
            return False
        secret = sealing.unseal(
            bytes(self.sealed_secret), context=self.context(self.user)
        )
        now = int(time.time()) // STEP_SECONDS
        for step in (now + drift for drift in DRIFT):
            if hmac.compare_digest(f"{hotp(secret, step):06d}", token):
                unused = TotpDevice.objects.filter(pk=self.pk, last_step__lt=step)
                return bool(unused.update(last_step=step))
        return False


class RecoveryCode(models.Model):
    """One of a person's recovery codes, kept as a digest and usable once."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class TrustedBrowserQuerySet(IdentifiedQuerySet["TrustedBrowser"]):
    """Many of them."""


class TrustedBrowser(Identified):
    """A browser that is asked for no second step until `expires_at`.

    Its cookie holds a secret of which the digest is kept here. `stamp` is broken by
    another password or another second step.
    """

    prefix: ClassVar[str] = "tbr"

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="trusted_browsers"
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    stamp = models.BinaryField(max_length=32, editable=False)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    objects = TrustedBrowserQuerySet.as_manager()


class PasswordReset(models.Model):
    """A mailed way to a new password, for one person, once, for one hour.

    `user` is none where nobody has the address: the request costs the same either way.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"password reset of {self.user_id}"
