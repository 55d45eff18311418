"""What nobody may give a key: more than they hold, or than the organization has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.credentials import API_KEY, Credential
from accounts.models import Organization
from accounts.models.limited import NUMBERS, exceeds
from accounts.problems import Problem
from accounts.products import LIVE
from apikeys import address_lists
from apikeys.models import ENFORCE, ApiKey, ApiKeySecret


def refuse_environment(environment: str, maker: Credential) -> None:
    if not maker.is_live and environment != maker.environment:
        raise Problem("environment_mismatch", "A sandbox key makes sandbox keys only.")


def refuse_live_in_sandbox(environment: str) -> None:
    """Where live keys are let in nowhere, none is made."""
    if settings.SANDBOX_ONLY and environment == LIVE:
        raise Problem(
            "environment_mismatch",
            'This deployment is a sandbox. Set environment to "test".',
        )


def refuse_leaked(holder: Credential) -> None:
    """A secret that others can read hands nothing on: what it made or kept alive would
    outlive its end."""
    shown = [pk for model, pk in holder.rows if model is ApiKeySecret]
    if ApiKeySecret.objects.filter(pk__in=shown, leaked_at__isnull=False).exists():
        raise Problem(
            "forbidden",
            "This secret leaked, so it may only take away. Let a person or another "
            "key rotate it.",
        )


def refuse_wider(holder: Credential, scopes: Iterable[str]) -> None:
    missing = holder.lacks(scopes)
    if missing:
        listed = ", ".join(missing)
        raise Problem(
            "beyond_own_rights",
            f"You do not hold these yourself: {listed}.",
            missing=missing,
        )


def refuse_beyond(
    changer: Credential, api_key: ApiKey, changes: Mapping[str, Any]
) -> None:
    """Refuses a key that would have more than its changer, whoever gave it that."""
    if api_key.is_service and not changer.judges_product:
        raise Problem("beyond_own_rights", "Only an operator changes a service key.")
    scopes = changes.get("scopes", api_key.scopes)
    if changes.keys() == {"scopes"} and set(scopes) <= set(api_key.scopes):
        # Who may revoke it may take a part away, and gives nobody anything by it.
        return
    refuse_leaked(changer)
    refuse_wider(changer, scopes)
    # Scopes handed to a key live as long as that key does.
    if "expires_at" in changes or set(scopes) - set(api_key.scopes):
        refuse_longer(changer, changes.get("expires_at", api_key.expires_at))
    refuse_faster(changer, {**api_key.own_limits, **changes})
    refuse_elsewhere(
        changer,
        changes.get("allowed_ips", api_key.allowed_ips),
        ip_mode=changes.get("ip_mode", api_key.ip_mode),
    )


def refuse_longer(holder: Credential, expires_at: datetime | None) -> None:
    """What a key or an application's token mints or prolongs ends with it at the
    latest. People may stay longer."""
    if holder.is_person or holder.expires_at is None:
        return
    if expires_at is None or expires_at > holder.expires_at:
        end = f"{holder.expires_at:%FT%TZ}"
        raise Problem(
            "beyond_own_rights", f"Your own credential ends at {end}, so must this key."
        )


def refuse_faster(holder: Credential, limits: Mapping[str, Any]) -> None:
    """A key that is held to limits of its own lets no other key go faster. What has
    none hands on the organization's."""
    if holder.kind != API_KEY:
        return
    # Compared with its own numbers, not with what they are worth now: a key without
    # them would go faster as soon as the organization does.
    own = key_behind(holder).own_limits
    for name, most in own.items():
        if exceeds(limits.get(name), most):
            raise Problem(
                "beyond_own_rights",
                f"Your own key is held to {name} {most}. "
                f"Set limits.{name} of this key to {most} or less.",
            )


def refuse_elsewhere(
    holder: Credential, allowed_ips: Iterable[str], *, ip_mode: str
) -> None:
    """A key that is bound to addresses lets no other key come from anywhere else."""
    if holder.kind != API_KEY:
        return
    own = key_behind(holder)
    if not own.is_bound:
        return
    if ip_mode != ENFORCE or not address_lists.lie_within(allowed_ips, own.allowed_ips):
        listed = ", ".join(own.allowed_ips)
        raise Problem(
            "beyond_own_rights",
            f"Your own key is bound to {listed}. "
            "Set allowed_ips of this key to some of these, and ip_mode to enforce.",
        )


def key_behind(credential: Credential) -> ApiKey:
    """The row of a credential that is a key."""
    api_key: ApiKey = ApiKey.objects.with_public_id(credential.id).get()
    return api_key


def refuse_over_organization(
    organization: Organization, limits: Mapping[str, Any]
) -> None:
    """Above the organization's a number would promise what no request gets."""
    for name in NUMBERS:
        number, most = limits.get(name), getattr(organization.limits, name)
        if number is not None and most is not None and number > most:
            raise Problem.invalid(
                f"limits.{name}", f"Your organization has {most}. Use at most {most}."
            )


def refuse_over_plan(organization: Organization) -> None:
    most = organization.plan.most_keys
    if ApiKey.objects.live().filter(organization=organization).count() >= most:
        raise Problem(
            "plan_limit", f"Your plan allows {most} active keys. Revoke one first."
        )


def refuse_taken_name(api_key: ApiKey) -> None:
    """One name, one key: of its owner and environment, among those that are not
    revoked and have not expired. Ask with the organization locked."""
    others = ApiKey.objects.lasting().filter(
        organization=api_key.organization,
        membership=api_key.membership_id,
        environment=api_key.environment,
        name=api_key.name,
    )
    other = others.exclude(pk=api_key.pk).first()
    if other is not None:
        raise Problem(
            "conflict",
            f"The key {other.public_id} has this name already. Choose another name.",
        )
