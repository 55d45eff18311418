"""What operators decide about a person: out, in again, and the way back in for who lost
the second factor."""

from __future__ import annotations

from django.db import transaction

from accounts import audit, departures, mail, passkeys, sessions
from accounts.audit import Actor
from accounts.models import TotpDevice, User
from accounts.problems import Problem


def disable(user: User, *, reason: str, by: Actor) -> None:
    """Out at once, everywhere: sign-ins end for good, personal keys rest. A second time
    changes nothing. Raises Problem."""
    if by.id == user.public_id:
        raise Problem("conflict", "You cannot disable yourself. Ask another operator.")
    with transaction.atomic():
        user = _locked(user)
        if not user.is_active:
            return
        user.is_active = False
        user.save(update_fields=["is_active"])
        departures.stop(user, by=by)
        _record("user.disabled", user, by=by, reason=reason)


def enable(user: User, *, by: Actor) -> None:
    """May sign in again; their personal keys work again. What ended stays ended."""
    with transaction.atomic():
        user = _locked(user)
        if user.is_active:
            return
        user.is_active = True
        user.save(update_fields=["is_active"])
        _record("user.enabled", user, by=by)


def reset_factors(user: User, *, reason: str, by: Actor) -> None:
    """For who lost the second factor: takes authenticator, recovery codes, passkeys and
    trusted browsers away, ends all sign-ins, and tells the person by mail.

    The password alone opens the account from here on.
    """
    with transaction.atomic():
        user = _locked(user)
        TotpDevice.objects.filter(user=user).delete()
        user.recovery_codes.all().delete()
        removed = passkeys.remove_all(user, by=by)
        user.trusted_browsers.all().delete()
        sessions.end_all(user, reason="factors_reset", by=by)
        _record("user.factors_reset", user, by=by, reason=reason, passkeys=removed)
    mail.send("factors_reset", to=user.email, context={"user": user})


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _record(action: str, user: User, *, by: Actor, **details: object) -> None:
    audit.record(action, by=by, organization=None, target=user.public_id, **details)
