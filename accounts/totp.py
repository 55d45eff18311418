"""Two-step sign-in: enrol an authenticator, use a code, keep recovery codes."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, ids, mail, sealing
from accounts.audit import Actor
from accounts.models import RecoveryCode, TotpDevice, User
from accounts.problems import Problem

SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_CODE = re.compile(r"[0-9a-z]{4}(-[0-9a-z]{4}){3}")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the app needs, shown once: base 32 secret and the address of the QR code."""

    secret: str
    otpauth_uri: str


def is_on(user: User) -> bool:
    return device_of(user) is not None


def device_of(user: User) -> TotpDevice | None:
    """The person's confirmed authenticator."""
    return TotpDevice.objects.filter(user=user, confirmed=True).first()


def enrol(user: User, *, issuer: str, by: Actor) -> Enrolment:
    """Begin anew: the device counts only once a code of it was confirmed."""
    secret = secrets.token_bytes(SECRET_BYTES)
    with transaction.atomic():
        _locked(user)
        if is_on(user):
            raise Problem("totp_already_on")
        TotpDevice.objects.filter(user=user).delete()
        TotpDevice.objects.create(
            user=user,
            name="Authenticator",
            confirmed=False,
            sealed_secret=sealing.seal(secret, context=TotpDevice.context(user)),
        )
        audit.record("totp.enrolled", by=by, organization=None, target=user.public_id)
    text = base64.b32encode(secret).decode()
    label = quote(f"{issuer}:{user.email}")
    query = urlencode({"secret": text, "issuer": issuer}, quote_via=quote)
    return Enrolment(text, f"otpauth://totp/{label}?{query}")


def confirm(user: User, code: str, *, by: Actor) -> list[str]:
    """Turn it on with a first code of the new device. The answer: recovery codes,
    once."""
    device = TotpDevice.objects.filter(user=user, confirmed=False).first()
    if device is None:
        raise Problem("totp_not_enrolled")
    if not device.verify_token(code):
        raise Problem("invalid_totp_code")
    with transaction.atomic():
        _locked(user)
        if is_on(user):
            raise Problem("totp_already_on")
        waiting = TotpDevice.objects.filter(pk=device.pk)
        if not waiting.update(confirmed=True):
            # Replaced by another one since its code was checked.
            raise Problem("totp_not_enrolled")
        codes = _new_recovery_codes(user)
        audit.record("totp.confirmed", by=by, organization=None, target=user.public_id)
    mail.send("totp_on", to=user.email, context={"user": user})
    return codes


def remove(user: User, *, by: Actor) -> None:
    """Turn it off. The door has used up a code before (`login.use_code`)."""
    with transaction.atomic():
        TotpDevice.objects.filter(user=user).delete()
        user.recovery_codes.all().delete()
        audit.record("totp.removed", by=by, organization=None, target=user.public_id)
    mail.send("totp_off", to=user.email, context={"user": user})


def renew_recovery_codes(user: User, *, by: Actor) -> list[str]:
    """Ten new codes instead of those left. The door has used up a code before."""
    with transaction.atomic():
        _locked(user)
        codes = _new_recovery_codes(user)
        audit.record(
            "recovery_codes.renewed", by=by, organization=None, target=user.public_id
        )
    return codes


def holds(user: User, code: str) -> bool:
    """Whether this is one of the person's recovery codes that are left. It stays
    unused."""
    if RECOVERY_CODE.fullmatch(code) is None:
        return False
    return _recovery_codes(user, code).exists()


def use(user: User, code: str, *, by: Actor) -> bool:
    """Whether the code is right: the authenticator's, or a recovery code. Uses it
    up."""
    device = device_of(user)
    if device is None:
        return False
    if RECOVERY_CODE.fullmatch(code):
        return _use_recovery_code(user, code, by=by)
    return device.verify_token(code)


def _recovery_codes(user: User, code: str) -> QuerySet[RecoveryCode]:
    """The unused one with this text, if there is one."""
    digests = sealing.digests(_recovery_text(user, code))
    return RecoveryCode.objects.filter(user=user, digest__in=digests, used_at=None)


def _use_recovery_code(user: User, code: str, *, by: Actor) -> bool:
    found = _recovery_codes(user, code)
    with transaction.atomic():
        if not found.update(used_at=timezone.now()):
            return False
        audit.record(
            "recovery_code.used", by=by, organization=None, target=user.public_id
        )
    mail.send("recovery_code_used", to=user.email, context={"user": user})
    return True


def _new_recovery_codes(user: User) -> list[str]:
    user.recovery_codes.all().delete()
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=sealing.digest(_recovery_text(user, code)))
        for code in codes
    )
    return codes


def _recovery_code() -> str:
    """80 random bits as four groups."""
    characters = "".join(secrets.choice(ids.ALPHABET) for _ in range(16))
    return "-".join(characters[start : start + 4] for start in range(0, 16, 4))


def _recovery_text(user: User, code: str) -> str:
    return f"recovery:{user.public_id}:{code}"


def _locked(user: User) -> None:
    """One change of a person's factors at a time."""
    User.objects.select_for_update().get(pk=user.pk)
