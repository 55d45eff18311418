"""Which of its scopes a key has needed lately, and how it loses the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.problems import Problem
from accounts.products import Product
from apikeys import lifecycle
from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.counted import REST, Names
from ratelimits.models import Usage, UsageQuerySet

DAYS = 30


@dataclass(frozen=True, slots=True)
class Exercised:
    """Requests by the scope that they needed, and what was granted and not needed.

    `since` is the first moment of which all is known: of a younger key its making. Not
    `is_whole`: in the last 30 days it was used before scopes were counted.
    """

    scopes: Names
    unused: list[str]
    since: datetime
    is_whole: bool


def of(api_key: ApiKey) -> Exercised:
    """By the last 30 UTC days, today among them, as far as they are written."""
    # The other names of a row are many, and are left where they are.
    rows = lately(api_key).values_list("day", "requests", "details__scopes")
    scopes: Counter[str] = Counter()
    unknown: list[date] = []
    for day, requests, of_day in rows:
        scopes.update(of_day or {})
        if REST in of_day if of_day is not None else requests:
            unknown.append(day)
    scopes.pop(REST, None)
    return Exercised(
        scopes=dict(scopes),
        unused=_unused(api_key, scopes.keys()),
        since=begun(api_key, max(unknown) + timedelta(days=1) if unknown else None),
        is_whole=not unknown,
    )


def lately(api_key: ApiKey) -> UsageQuerySet:
    """Its rows of the last 30 days."""
    of_key = Usage.objects.filter(credential=api_key.public_id)
    return of_key.between(first_day(), timezone.now().date())


def first_day() -> date:
    return timezone.now().date() - timedelta(days=DAYS - 1)


def begun(api_key: ApiKey, day: date | None = None) -> datetime:
    """When that day began, the first of the last 30 without one, or when the key was
    made: the later of the two."""
    midnight = datetime.combine(day or first_day(), time(), tzinfo=UTC)
    return max(api_key.created_at, midnight)


def shrink(api_key: ApiKey, *, changer: Credential, by: Actor) -> ApiKey:
    """The key without the scopes that it has not needed in 30 days. Raises Problem.

    Judged by what is written, and by what this process has counted. Another process
    writes after 5 seconds: what a key needs there for the first time is not seen
    before.
    """
    lifecycle.require_control(changer, api_key)
    usage.recorder.flush()
    with transaction.atomic():
        locked = ApiKey.objects.locked(api_key)
        found = of(locked)
        _refuse_to_shrink(found, locked)
        kept = [scope for scope in locked.scopes if scope not in found.unused]
        return lifecycle.change(locked, {"scopes": kept}, changer=changer, by=by)


def _refuse_to_shrink(found: Exercised, api_key: ApiKey) -> None:
    if not found.is_whole:
        end = f"{found.since + timedelta(days=DAYS):%Y-%m-%d}"
        raise Problem(
            "conflict",
            "Scopes were not counted on all of the last 30 days that this key was used "
            f"on. Shrink it after {end}, or change its scopes.",
        )
    if not found.unused:
        raise Problem("conflict", "It has needed all its scopes in the last 30 days.")
    if len(found.unused) == len(api_key.scopes):
        raise Problem(
            "conflict",
            "It has needed none of its scopes in the last 30 days. Revoke it instead.",
        )


def _unused(api_key: ApiKey, exercised: AbstractSet[str]) -> list[str]:
    """Those without which the key still holds all that it has needed.

    The scopes that imply all go first: what a narrower one grants as well, they were
    not needed for.
    """
    product = api_key.organization.product
    needed = exercised & product.expand(api_key.scopes)
    kept = list(api_key.scopes)
    wide_first = sorted(kept, key=lambda each: not _implies_all(product, each))
    for scope in wide_first:
        others = [other for other in kept if other != scope]
        if scope not in needed and needed <= product.expand(others):
            kept = others
    return [scope for scope in api_key.scopes if scope not in kept]


def _implies_all(product: Product, word: str) -> bool:
    return word in product.scopes and product.scopes[word].implies_all
