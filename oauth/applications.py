"""The life of an application, for every door: register, change, rotate, delete."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Organization
from accounts.permissions import require
from accounts.problems import Problem
from oauth import client_secrets, registration
from oauth.models import Application, Consent
from oauth.registration import Registration as Registration

MOST_APPLICATIONS = 100
LONGEST_GRACE = 2_592_000


def register(
    wish: Registration, *, maker: Credential, by: Actor
) -> tuple[Application, str | None]:
    """A new application and its secret, which is shown this once and stored nowhere;
    none where it proves itself by other means. Raises Problem.

    Nobody hands on what they do not hold: no wider scopes, no other tenant.
    """
    require(maker, "applications_manage")
    _refuse_wider(maker, wish.scopes)
    return register_for(maker.organization, wish, by=by)


def register_for(
    organization: Organization, wish: Registration, *, by: Actor
) -> tuple[Application, str | None]:
    """The same, by an operator or by a command: nothing of theirs bounds it but the
    plan."""
    _refuse_without_plan(organization)
    wish = registration.completed(wish, product=organization.product)
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        _refuse_too_many(organization)
        application = Application(organization=organization, created_by=by.id)
        application.client_id = application.public_id
        _set(application, registration.columns(wish))
        secret = client_secrets.first(application)
        application.save(force_insert=True)
        record("application.created", application, by=by, **asdict(wish))
    return application, secret


def change(
    application: Application, changes: dict[str, Any], *, changer: Credential, by: Actor
) -> Application:
    """Change what it was registered with, or `is_active`. Raises Problem.

    Never beyond what the changer holds, and who holds less may still turn it off.
    """
    require(changer, "applications_manage")
    if changes != {"is_active": False}:
        _refuse_wider(changer, changes.get("scopes", application.scopes))
    with transaction.atomic():
        application = locked(application)
        wish = {name: changes[name] for name in changes if name != "is_active"}
        wanted = registration.completed(
            replace(registration.registered(application), **wish),
            product=application.product,
        )
        is_active = changes.get("is_active", application.is_active)
        _apply(application, wanted, is_active=is_active, by=by)
    return application


def set_active(application: Application, is_active: bool, *, by: Actor) -> Application:
    """Turn it on or off, by an operator. Off, its tokens are refused from the answer
    on."""
    with transaction.atomic():
        application = locked(application)
        present = registration.registered(application)
        _apply(application, present, is_active=is_active, by=by)
    return application


def rotate_secret(
    application: Application, *, grace_seconds: int, holder: Credential, by: Actor
) -> tuple[Application, str]:
    """A new secret, shown this once. The old one lives on for the grace.

    Who gets the secret can act as the application, so it holds no less. Raises Problem.
    """
    require(holder, "applications_manage")
    _refuse_wider(holder, application.scopes)
    return rotate_secret_for(application, grace_seconds=grace_seconds, by=by)


def rotate_secret_for(
    application: Application, *, grace_seconds: int, by: Actor
) -> tuple[Application, str]:
    """The same, by an operator. Two secrets live at most: a third ends the first."""
    if not 0 <= grace_seconds <= LONGEST_GRACE:
        why = f"Use a whole number from 0 to {LONGEST_GRACE}."
        raise Problem.invalid("grace_seconds", why)
    with transaction.atomic():
        application = locked(application)
        if not client_secrets.used_by(application):
            method = application.token_endpoint_auth_method
            raise Problem("conflict", f"It has no secret: it uses {method}.")
        retires_at = timezone.now() + timedelta(seconds=grace_seconds)
        client_secrets.retire(application, retires_at if grace_seconds else None)
        secret = client_secrets.give(application)
        application.save(update_fields=client_secrets.COLUMNS)
        record(
            "application.secret_rotated",
            application,
            by=by,
            hint=application.secret_hint,
            grace_seconds=grace_seconds,
        )
    return application, secret


def delete(application: Application, *, by: Actor) -> None:
    """End it, and what people let it do. A second time changes nothing."""
    with transaction.atomic():
        current = Application.objects.current().filter(pk=application.pk)
        if not current.update(deleted_at=timezone.now(), is_active=False):
            return
        ended = Consent.objects.filter(application=application).withdraw(
            "application_deleted"
        )
        record("application.deleted", application, by=by, consents=ended)


def withdraw_consents(application: Application, *, by: Actor) -> int:
    """Take back what people let it do, by an operator. The answer is how many."""
    consents = Consent.objects.filter(application=application)
    with transaction.atomic():
        ended = consents.withdraw("withdrawn_by_operator")
        record("application.consents_withdrawn", application, by=by, consents=ended)
    return ended


def publish(application: Application, *, by: Actor) -> None:
    """Open it to every organization of its product, by an operator."""
    with transaction.atomic():
        private = Application.objects.current().filter(published_at=None)
        if private.filter(pk=application.pk).update(published_at=timezone.now()):
            record("application.published", application, by=by)


def unpublish(application: Application, *, by: Actor) -> None:
    """Keep it to its own organization again."""
    with transaction.atomic():
        public = Application.objects.current().exclude(published_at=None)
        if public.filter(pk=application.pk).update(published_at=None):
            record("application.unpublished", application, by=by)


def locked(application: Application) -> Application:
    """The present row. A lighter lock, so that tokens can be issued meanwhile."""
    rows = Application.objects.select_related("organization")
    locked = rows.select_for_update(of=("self",), no_key=True)
    row: Application = locked.get(pk=application.pk)
    if row.deleted_at is not None:
        raise Problem("conflict", "A deleted application cannot be changed.")
    return row


def _refuse_wider(holder: Credential, scopes: Any) -> None:
    missing = holder.lacks(scopes)
    if missing:
        listed = ", ".join(missing)
        raise Problem(
            "beyond_own_rights",
            f"You do not hold these yourself: {listed}.",
            missing=missing,
        )


def _refuse_without_plan(organization: Organization) -> None:
    if organization.plan.applications:
        return
    plans = organization.product.plans.values()
    having = [plan.name for plan in plans if plan.applications]
    where = f"These plans have them: {', '.join(having)}." if having else "No plan has."
    raise Problem(
        "plan_limit", f"The plan {organization.plan.name} has no applications. {where}"
    )


def _refuse_too_many(organization: Organization) -> None:
    current = Application.objects.current().filter(organization=organization)
    if current.count() >= MOST_APPLICATIONS:
        raise Problem(
            "plan_limit",
            f"An organization has at most {MOST_APPLICATIONS} applications. Delete one "
            "first.",
        )


def _apply(
    application: Application, wanted: Registration, *, is_active: bool, by: Actor
) -> None:
    before = _told(registration.registered(application), application.is_active)
    after = _told(wanted, is_active)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return
    values = {**registration.columns(wanted), "is_active": is_active}
    _set(application, values)
    if not client_secrets.used_by(application):
        client_secrets.forget(application)
    application.save(update_fields=[*values, *client_secrets.COLUMNS])
    record(
        "application.changed",
        application,
        by=by,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def _told(wish: Registration, is_active: bool) -> dict[str, Any]:
    return {**asdict(wish), "is_active": is_active}


def _set(application: Application, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(application, name, value)


def record(action: str, application: Application, *, by: Actor, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        organization=application.organization,
        target=application.public_id,
        **details,
    )
