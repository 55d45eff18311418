"""Many keys revoked at once, each as if it stood alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from accounts import ids
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Organization
from accounts.problems import Problem
from apikeys import events, lifecycle
from apikeys.models import LEAKED, ApiKey


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one id: revoked, or the code of its refusal."""

    id: str
    code: str = ""

    @property
    def is_revoked(self) -> bool:
        return not self.code


def revoke(
    wanted: Iterable[str], *, reason: str, revoker: Credential, by: Actor
) -> list[Outcome]:
    """Revoke these keys of the revoker's organization, in order. What is revoked
    already counts as revoked."""
    wanted = list(wanted)
    with transaction.atomic():
        organization = Organization.objects.locked(revoker.organization)
        found = _found(organization, wanted)
        outcomes = [
            Outcome(text, _refusal(found.get(text), revoker)) for text in wanted
        ]
        allowed = {outcome.id for outcome in outcomes if outcome.is_revoked}
        living = [
            api_key
            for text, api_key in found.items()
            if text in allowed and api_key.revoked_at is None
        ]
        rows = ApiKey.objects.filter(pk__in=[api_key.pk for api_key in living])
        rows.revoke(reason)
        events.record_each("api_key.revoked", living, by=by, reason=reason)
        if reason == LEAKED:
            # What was revoked for another reason must not come back.
            for text in allowed - {api_key.public_id for api_key in living}:
                lifecycle.revoke(found[text], reason=reason, by=by)
    return outcomes


def numbers(wanted: Iterable[str]) -> set[UUID]:
    """The primary keys that these ids name. What is no id of a key is left out."""
    return {number for text in wanted if (number := _number(text)) is not None}


def _found(organization: Organization, wanted: Iterable[str]) -> dict[str, ApiKey]:
    """The rows, locked, by public id."""
    rows = ApiKey.objects.filter(organization=organization, pk__in=numbers(wanted))
    locked = rows.select_related("membership__user").select_for_update(of=("self",))
    # By id: two who revoke the same keys in another order must not wait for each other.
    found = {api_key.public_id: api_key for api_key in locked.order_by("pk")}
    for api_key in found.values():
        api_key.organization = organization
    return found


def _number(text: str) -> UUID | None:
    try:
        return ids.decode(ApiKey.prefix, text)
    except ValueError:
        return None


def _refusal(api_key: ApiKey | None, revoker: Credential) -> str:
    """The code that DELETE would answer, or nothing."""
    if api_key is None:
        return "not_found"
    try:
        lifecycle.require_control(revoker, api_key)
    except Problem as problem:
        return problem.code
    return ""
