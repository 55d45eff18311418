"""Passwords: how they are hashed, checked, changed and reset."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    check_password,
    is_password_usable,
    make_password,
)
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import audit, mail, sealing, sessions
from accounts.audit import Actor
from accounts.models import PasswordReset, User
from accounts.problems import Problem

LONGEST_BYTES = 1024
RESET_LIFETIME = timedelta(hours=1)
# Each hash takes 19 MiB; more at once would wait for the processor anyway.
_hashing = threading.BoundedSemaphore(4)


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with t=2, m=19 MiB, p=1 (OWASP), a bounded number at a time."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _hashing:
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _hashing:
            return bool(super().verify(password, encoded))


@cache
def _nobodys_hash() -> str:
    return make_password(secrets.token_urlsafe(16))


def person_with(email: str, password: str) -> User | None:
    """The active person with this address and password.

    Unknown, disabled and password-less people cost the same one hash, so that the time
    of a refusal tells nothing.
    """
    user: User | None = User.objects.with_email(email).first()
    usable = user is not None and is_password_usable(user.password)
    encoded = user.password if user is not None and usable else _nobodys_hash()
    matches = check_password(password, encoded)
    return user if matches and usable and user is not None and user.is_active else None


def check_new(password: str, *, user: User | None, field: str) -> None:
    """Raises Problem, by the field's name, for a password that is too weak or too
    long."""
    if len(password.encode()) > LONGEST_BYTES:
        refusal = [f"Use a password of at most {LONGEST_BYTES} bytes."]
    else:
        try:
            validate_password(password, user)
        except ValidationError as error:
            refusal = list(error.messages)
        else:
            return
    raise Problem.invalid(field, " ".join(refusal))


def change(user: User, *, current: str, new: str, keep: str, by: Actor) -> None:
    """Change one's own password. All other sessions end, keys stay. Raises Problem."""
    if not user.check_password(current):
        raise Problem("wrong_password")
    check_new(new, user=user, field="new_password")
    with transaction.atomic():
        sessions.refuse_stale(user, "wrong_password")
        _store(user, new)
        sessions.end_all(user, reason="password_changed", by=by, keep=keep)
        audit.record(
            "password.changed", by=by, organization=None, target=user.public_id
        )
    mail.send("password_changed", to=user.email, context={"user": user})


def request_reset(email: str) -> None:
    """Mail a way to a new password. Known or not: the same work, the same answer."""
    user = User.objects.with_email(email).filter(is_active=True).first()
    token = secrets.token_urlsafe(32)
    PasswordReset.objects.create(
        user=user,
        digest=sealing.digest(token),
        expires_at=timezone.now() + RESET_LIFETIME,
    )
    if user is not None:
        context = {"user": user, "token": token}
        mail.send("password_reset", to=user.email, context=context)


def reset(token: str, *, new: str, by: Actor) -> User:
    """Set a password by a mailed token, once. Every session ends, two-step stays on.

    The mailbox is proven by this.
    """
    found = PasswordReset.objects.select_related("user").filter(
        digest__in=sealing.digests(token),
        used_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
    request = found.first()
    if request is None or request.user is None:
        raise Problem("invalid_token")
    check_new(new, user=request.user, field="new_password")
    unused = PasswordReset.objects.filter(pk=request.pk, used_at=None)
    with transaction.atomic():
        # The person first: two links of one person would else wait for each other.
        user = User.objects.select_for_update().get(pk=request.user.pk)
        if not unused.update(used_at=timezone.now()):
            raise Problem("invalid_token")
        user.email_verified_at = user.email_verified_at or timezone.now()
        _store(user, new)
        user.credentials_valid_from = timezone.now()
        user.save(update_fields=["credentials_valid_from", "email_verified_at"])
        sessions.end_all(user, reason="password_reset", by=by)
        audit.record("password.reset", by=by, organization=None, target=user.public_id)
    mail.send("password_changed", to=user.email, context={"user": user})
    return user


def _store(user: Any, password: str) -> None:
    user.set_password(password)
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password", "password_changed_at"])
    # A way to reset the password before must not reset the new one.
    PasswordReset.objects.filter(user=user, used_at=None).update(used_at=timezone.now())
