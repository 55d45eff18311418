"""Consent: given, remembered, withdrawn. Pages and API come through here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import audit, sessions
from accounts.audit import Actor
from accounts.models import Membership, User
from oauth.models import Application, Consent


def standing(membership: Membership, application: Application) -> Consent | None:
    """What this person lets the application do now, if anything."""
    found: Consent | None = (
        Consent.objects.standing()
        .filter(membership=membership, application=application)
        .first()
    )
    return found


def covers(consent: Consent | None, scopes: Iterable[str]) -> bool:
    """Whether nobody needs to be asked again: narrower passes, wider asks."""
    return consent is not None and set(scopes) <= set(consent.scopes)


def give(
    membership: Membership,
    application: Application,
    scopes: Iterable[str],
    *,
    by: Actor,
) -> Consent:
    """Remember a consent; a standing one grows by what is new. Raises Problem where the
    person's password was replaced since `membership` was read."""
    with transaction.atomic():
        # Else a request that passed the check of its session before the password
        # changed would leave a consent of after it. It also lines up all who give for
        # the same person, so that there is one consent.
        sessions.refuse_stale(membership.user, "session_ended")
        return _give(membership, application, list(scopes), by=by)


def withdraw(consent: Consent, *, reason: str, by: Actor) -> None:
    """Refuse every token under it from the answer on. Twice changes nothing."""
    with transaction.atomic():
        if Consent.objects.filter(pk=consent.pk).withdraw(reason):
            _record("consent.withdrawn", consent, by=by, reason=reason)


def _give(
    membership: Membership, application: Application, scopes: list[str], *, by: Actor
) -> Consent:
    found = Consent.objects.filter(
        membership=membership, application=application, withdrawn_at=None
    )
    consent: Consent | None = found.select_for_update().first()
    if consent is not None and not found.standing().exists():
        # Dead by a changed password or the like: its tokens must not come back.
        found.withdraw("outlived")
        consent = None
    if consent is None:
        consent = Consent(
            membership=membership,
            application=application,
            granted_at=_from_now(membership.user),
        )
    if covers(consent, scopes) and not consent._state.adding:
        return consent
    added = [scope for scope in scopes if scope not in consent.scopes]
    consent.scopes = [*consent.scopes, *added]
    consent.save()
    _record("consent.given", consent, by=by, scopes=added)
    return consent


def _from_now(user: User) -> datetime:
    """The clock that drew the person's lines may be ahead of ours."""
    lines = user.credentials_valid_from, user.password_changed_at
    return max(timezone.now(), *(line for line in lines if line is not None))


def _record(action: str, consent: Consent, *, by: Actor, **details: object) -> None:
    audit.record(
        action,
        by=by,
        organization=consent.membership.organization,
        target=consent.public_id,
        application=consent.application.public_id,
        **details,
    )
