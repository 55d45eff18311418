"""Passkeys: who has some, what they open, and how they come and go.

Each use asks for a fingerprint or a PIN, so one passkey is two factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp_webauthn.models import WebAuthnCredential

from accounts import audit, authenticators, challenges, login, mail, sessions
from accounts.audit import Actor
from accounts.authenticators import Answer, Wrong
from accounts.models import User
from accounts.problems import Problem

# The words of RFC 8176 for a passkey alone, and for one after the password.
ALONE = [sessions.PASSKEY, "mfa"]
AFTER_PASSWORD = ["pwd", *ALONE]
# Failed ones are counted together, by their address.
PASSKEY = "passkey"
MOST = 20
LONGEST_NAME = 60
# 128 bits of a digest.
ID_CHARACTERS = 32


def of(user: User) -> QuerySet[Any]:
    """A person's passkeys, the newest first."""
    found: QuerySet[Any] = WebAuthnCredential.objects.filter(user=user, confirmed=True)
    return found.order_by("-pk")


def has_any(user: User) -> bool:
    return of(user).exists()


@contextmanager
def answered(
    request: HttpRequest, answer: Answer, *, purpose: str, user: User | None = None
) -> Iterator[User]:
    """Around what a passkey opens: whose it is. Raises Problem.

    Until the end of this nobody takes the passkey, or the person's other factors,
    away.
    """
    with login.judged(request, group=PASSKEY):
        challenge = challenges.take_back(request, answer.state, purpose=purpose)
        owner = authenticators.owner_of(answer)
        by = audit.actor_of(request)
        with _refusing(owner, by=by), transaction.atomic():
            if owner is None:
                raise Wrong
            _hold(owner)
            # This reads the row anew: its removal may have come first.
            passkey = authenticators.proven(request, answer, challenge, user=user)
            _write("used", passkey, by=by)
            yield passkey.user


@contextmanager
def _refusing(owner: User | None, *, by: Actor) -> Iterator[None]:
    """Around a proof: who shows a wrong one is told nothing, its owner's log is."""
    try:
        yield
    except Wrong as wrong:
        if owner is not None:
            target = owner.public_id
            audit.record("passkey.refused", by=by, organization=None, target=target)
        words = _("This passkey opens nothing here. Use another one.")
        raise Problem("invalid_login", words) from wrong


def add(
    request: HttpRequest, user: User, answer: Answer, *, purpose: str, name: str
) -> Any:
    """The new passkey of a person, made by their browser. Raises Problem."""
    name = _named(name)
    challenge = challenges.take_back(request, answer.state, purpose=purpose)
    with transaction.atomic():
        _hold(user)
        if of(user).count() >= MOST:
            words = _("You have %(most)s passkeys. Remove one first.")
            raise Problem("conflict", words % {"most": MOST})
        try:
            passkey = authenticators.made(request, answer, challenge, user=user)
        except Wrong as wrong:
            words = _("This passkey cannot be used here. Try another one.")
            raise Problem("invalid_request", words) from wrong
        passkey.name = name
        passkey.save(update_fields=["name"])
        _write("added", passkey, by=audit.actor_of(request))
    _tell("passkey_added", passkey)
    return passkey


def rename(passkey: Any, name: str, *, by: Actor) -> None:
    """Raises Problem for a name that is too long."""
    passkey.name = _named(name)
    with transaction.atomic():
        of(passkey.user).filter(pk=passkey.pk).update(name=passkey.name)
        _write("renamed", passkey, by=by)


def remove(passkey: Any, *, by: Actor) -> None:
    """From now on it opens nothing. What it opened stays open."""
    with transaction.atomic():
        _hold(passkey.user)
        if not of(passkey.user).filter(pk=passkey.pk).delete()[0]:
            return
        _write("removed", passkey, by=by)
    _tell("passkey_removed", passkey)


def remove_all(user: User, *, by: Actor) -> int:
    """Every passkey of a person, as an operator does it. Who calls this mails."""
    with transaction.atomic():
        _hold(user)
        found = list(of(user))
        of(user).delete()
        for passkey in found:
            _write("removed", passkey, by=by)
    return len(found)


def id_of(passkey: Any) -> str:
    """As addresses and events name it: no number of ours."""
    digest: str = passkey.credential_id_sha256
    return f"psk_{digest[:ID_CHARACTERS]}"


def find(user: User, passkey_id: str) -> Any | None:
    """The one of the person with this id."""
    return next((each for each in of(user) if id_of(each) == passkey_id), None)


def _named(typed: str) -> str:
    name = " ".join(typed.split()) or _("Passkey")
    if len(name) > LONGEST_NAME or not name.isprintable():
        words = _("Use at most %(most)s printable characters.")
        raise Problem.invalid("name", words % {"most": LONGEST_NAME})
    return name


def _hold(user: User) -> None:
    """One change or use of a person's factors at a time."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _write(what: str, passkey: Any, *, by: Actor) -> None:
    audit.record(
        f"passkey.{what}",
        by=by,
        organization=None,
        target=passkey.user.public_id,
        passkey=id_of(passkey),
        name=passkey.name,
    )


def _tell(template: str, passkey: Any) -> None:
    context = {"user": passkey.user, "name": passkey.name}
    mail.send(template, to=passkey.user.email, context=context)
