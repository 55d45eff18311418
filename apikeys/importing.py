"""Many keys of another system at once: all of them come in, or none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import audit, ids, inserts
from accounts.audit import Actor
from accounts.models import Organization
from apikeys.import_rows import BadRow, Entry, Reader
from apikeys.import_values import LONGEST_NAME
from apikeys.models import ApiKey, ApiKeySecret

BATCH = 1_000
MOST_ERRORS = 50
Progress = Callable[[int, int], None]
Item = TypeVar("Item")


class Refused(Exception):
    """Nothing was written, and why."""


@dataclass
class Checked:
    """What an import would do. `errors` are the first ones, `wrong` counts all."""

    organization: Organization
    new: list[Entry] = field(default_factory=list)
    already_there: int = 0
    errors: list[str] = field(default_factory=list)
    wrong: int = 0

    @property
    def keys(self) -> list[ApiKey]:
        """Each once, however many secrets it has."""
        return list({entry.api_key.pk: entry.api_key for entry in self.new}.values())

    def refuse(self, number: int, why: str) -> None:
        self.wrong += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(f"row {number}: {why}")


def check(
    rows: Sequence[dict[str, Any]], *, reader: Reader, progress: Progress
) -> Checked:
    """Read all rows and look which keys are there already. Writes nothing."""
    checked = Checked(reader.organization)
    entries = list(_entries(rows, reader, checked=checked, progress=progress))
    for batch in _batches(entries):
        _sort_out(batch, checked)
    _join(checked)
    if not checked.wrong:
        _refuse_over_plan(checked)
    return checked


def write(checked: Checked, *, by: Actor, progress: Progress) -> None:
    """Bring the new ones in, in one transaction. Raises Refused."""
    try:
        with transaction.atomic():
            Organization.objects.locked(checked.organization)
            _refuse_over_plan(checked)
            _name_apart(checked)
            _write(checked, by=by, progress=progress)
    except IntegrityError as error:
        raise Refused(
            "Some of these keys came in at this very moment from elsewhere. "
            "Nothing was written: run it again."
        ) from error


def _entries(
    rows: Sequence[dict[str, Any]],
    reader: Reader,
    *,
    checked: Checked,
    progress: Progress,
) -> Iterator[Entry]:
    """The rows that are right, each key once."""
    seen: dict[bytes, int] = {}
    for number, row in enumerate(rows, 1):
        if number % BATCH == 0:
            progress(number, len(rows))
        try:
            entry = reader.entry(number, row)
        except BadRow as error:
            checked.refuse(number, str(error))
            continue
        known_by = entry.kept.known_by
        twin = next((seen[digest] for digest in known_by if digest in seen), 0)
        if twin:
            checked.refuse(number, f"this is the same key as row {twin}")
            continue
        seen.update(dict.fromkeys(known_by, number))
        yield entry


def _sort_out(batch: Sequence[Entry], checked: Checked) -> None:
    """New ones, those that are there already, and those that are another's."""
    there = _there([digest for entry in batch for digest in entry.kept.known_by])
    own = checked.organization.pk
    for entry in batch:
        owners = {there[each] for each in entry.kept.known_by if each in there}
        if not owners:
            checked.new.append(entry)
        elif owners == {own}:
            checked.already_there += 1
        else:
            checked.refuse(entry.number, "another organization has this key")


def _there(digests: Sequence[bytes]) -> dict[bytes, UUID]:
    """Whose the keys are that lie under these digests, or were imported under them."""
    found: dict[bytes, UUID] = {}
    for column in ("digest", "imported_digest"):
        for some in _batches(digests):
            rows = ApiKeySecret.objects.filter(**{f"{column}__in": some})
            pairs = rows.values_list(column, "api_key__organization_id")
            found.update((bytes(digest), owner) for digest, owner in pairs)
    return found


def _join(checked: Checked) -> None:
    """Give rows of one key one key, with the id that it had, and keep its ids apart
    from those that are there."""
    keys: dict[UUID, ApiKey] = {}
    moved = [(entry.of, entry) for entry in checked.new if entry.of is not None]
    for pk, entry in moved:
        keys.setdefault(pk, entry.api_key)
    taken: set[UUID] = set()
    for some in _batches(list(keys)):
        taken.update(ApiKey.objects.filter(pk__in=some).values_list("pk", flat=True))
    for pk, entry in moved:
        entry.take(keys[pk])
        if pk in taken:
            name = ids.encode(ApiKey.prefix, pk)
            checked.refuse(entry.number, f"{name} is here already, with other secrets")


def _refuse_over_plan(checked: Checked) -> None:
    organization = checked.organization
    most = organization.plan.most_keys
    there = ApiKey.objects.live().filter(organization=organization).count()
    coming = sum(api_key.status == "active" for api_key in checked.keys)
    if there + coming > most:
        raise Refused(
            f"The plan allows {most:,} active keys. {there:,} are there, and the file "
            f"brings {coming:,} more. Nothing was written."
        )


def _name_apart(checked: Checked) -> None:
    """A name belongs to one key of an owner; other systems do not ask for that. The
    second "CI" becomes "CI (2)"."""
    lasting = ApiKey.objects.lasting().filter(organization=checked.organization)
    taken: set[tuple[Any, ...]] = set(
        lasting.values_list("membership_id", "environment", "name")
    )
    numbers: dict[tuple[Any, ...], int] = {}
    for api_key in checked.keys:
        if api_key.status in ("revoked", "expired"):
            continue
        whose = api_key.membership_id, api_key.environment
        name = api_key.name
        while (*whose, api_key.name) in taken:
            number = numbers.get((*whose, name), 1) + 1
            numbers[*whose, name] = number
            ending = f" ({number})"
            api_key.name = name[: LONGEST_NAME - len(ending)] + ending
        taken.add((*whose, api_key.name))


def _write(checked: Checked, *, by: Actor, progress: Progress) -> None:
    keys = checked.keys
    total = len(keys) + len(checked.new)
    for number, some in enumerate(_batches(keys), 1):
        for api_key in some:
            api_key.created_by = by.id
        inserts.insert(some)
        audit.record_each(
            "api_key.imported",
            by=by,
            organization=checked.organization,
            targets=[api_key.public_id for api_key in some],
        )
        progress(min(number * BATCH, len(keys)), total)
    for number, entries in enumerate(_batches(checked.new), 1):
        inserts.insert([entry.secret for entry in entries])
        progress(len(keys) + number * BATCH, total)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
