"""One row of an import: what its columns mean, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts import ids
from accounts.addresses import fold
from accounts.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictSerializer,
)
from accounts.models import Membership, Organization
from accounts.problems import Problem
from accounts.products import ENVIRONMENTS, LIVE
from accounts.redaction import shown
from apikeys import bounds
from apikeys.fields import (
    AllowedIpsField,
    MetadataField,
    OwnLimitField,
    ScopesField,
    TagsField,
)
from apikeys.hashes import Unreadable
from apikeys.import_secrets import Kept, kept
from apikeys.import_values import flag, moment_of, name_of, typed
from apikeys.models import ENFORCE, IP_MODES, ApiKey, ApiKeySecret

MOMENTS = ("expires_at", "created_at", "revoked_at", "disabled_at")
OF_SECRET_MOMENTS = ("retires_at", "leaked_at")
FLAGS = {"revoked": "revoked_at", "disabled": "disabled_at"}
OF_SECRET = (
    *("key", "hash", "format", "prefix", "hint"),
    *("pepper", "pepper_check", "wrapped", "imported_digest"),
)
# What a key that was revoked elsewhere tells. Nothing here can restore it.
IMPORTED = "imported"
ORGANIZATION = "organization"


class Shape(StrictSerializer):
    """What many rows have in common: checked once for all of them."""

    scopes = ScopesField(default=list)
    environment = StrictChoiceField(choices=ENVIRONMENTS, default="")
    per_minute = OwnLimitField()
    burst = OwnLimitField()
    daily = OwnLimitField()
    allowed_ips = AllowedIpsField(default=list)
    ip_mode = StrictChoiceField(choices=IP_MODES, default=ENFORCE)
    metadata = MetadataField(default=dict)
    tags = TagsField(default=list)
    revoked_reason = StrictCharField(max_length=40, default=IMPORTED)
    is_service = StrictBooleanField(default=False)


SHAPE = tuple(Shape().fields)
COLUMNS = frozenset(
    {
        *("id", "name", "owner", "contact"),
        *(*MOMENTS, *OF_SECRET_MOMENTS, *FLAGS, *OF_SECRET, *SHAPE),
    }
)


class BadRow(ValueError):
    """Everything that is wrong with a row."""


@dataclass(slots=True)
class Entry:
    """A row that is right. `of` is the id that the key has where it comes from, if the
    row tells: rows that share it are secrets of one key."""

    number: int
    api_key: ApiKey
    kept: Kept
    of: UUID | None

    def take(self, api_key: ApiKey) -> None:
        """Make it a secret of this key, which has its id."""
        self.api_key = api_key
        self.api_key.pk = self.of

    @property
    def secret(self) -> ApiKeySecret:
        """The secret with its key."""
        self.kept.secret.api_key = self.api_key
        return self.kept.secret


@dataclass
class Reader:
    """Reads the rows that one organization gets. `scopes` and `format` are for rows
    that name none."""

    organization: Organization
    scopes: str = ""
    format: str = ""
    members: dict[str, Membership] = field(default_factory=dict)
    shapes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        current = Membership.objects.current().filter(organization=self.organization)
        for member in current.select_related("user"):
            self.members[member.user.email_key] = member
            self.members[member.user.public_id] = member

    def entry(self, number: int, row: Mapping[str, Any]) -> Entry:
        """Raises BadRow."""
        unknown = sorted(row.keys() - COLUMNS)
        wrong = [f"{shown(name)}: there is no such column" for name in unknown]
        secret = _caught(wrong, "", partial(self._secret, row))
        name = _caught(wrong, "name", partial(name_of, row, number))
        owner, contact = (
            _caught(wrong, column, partial(self._member, row.get(column)))
            for column in ("owner", "contact")
        )
        moments = dict(_moments(row, wrong))
        shape = self._shape(row, wrong)
        if wrong or secret is None:
            raise BadRow("; ".join(wrong))
        for column in OF_SECRET_MOMENTS:
            setattr(secret.secret, column, moments.pop(column, None))
        found = {**shape, **moments, "name": name, "environment": _place(shape, secret)}
        api_key = ApiKey(
            organization=self.organization,
            membership=owner,
            contact=None if owner else contact,
            **found,
        )
        if api_key.revoked_at is None:
            api_key.revoked_reason = ""
        return Entry(number, api_key, secret, _id(row))

    def _secret(self, row: Mapping[str, Any]) -> Kept:
        found = kept(row, self.organization.product, usual=self.format)
        named = row.get("environment", found.environment)
        if found.environment and named != found.environment:
            raise Unreadable(f"the key itself says that it is {found.environment}")
        return found

    def _member(self, text: Any) -> Membership | None:
        if text in (None, ORGANIZATION):
            return None
        member = self.members.get(text) or self.members.get(fold(str(text)))
        if member is None:
            raise ValueError("nobody in the organization has this address")
        return member

    def _shape(self, row: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
        own = {name: row[name] for name in SHAPE if name in row}
        own.setdefault("scopes", self.scopes)
        key = json.dumps(own, sort_keys=True, default=str)
        if key not in self.shapes:
            self.shapes[key] = self._checked(own)
        errors, shape = self.shapes[key]
        wrong.extend(errors)
        return dict(shape)

    def _checked(self, own: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
        """What is wrong with a shape, and the shape."""
        data = {name: typed(name, value) for name, value in own.items()}
        shape = Shape(data=data, context={"product": self.organization.product})
        try:
            shape.is_valid(raise_exception=True)
            bounds.refuse_over_organization(self.organization, shape.validated_data)
        except ValidationError as error:
            return list(_told(error.detail)), {}
        except Problem as problem:
            return [str(problem.detail)], {}
        return [], shape.validated_data


def _id(row: Mapping[str, Any]) -> UUID | None:
    """What other systems call their rows means nothing here."""
    try:
        return ids.decode(ApiKey.prefix, str(row.get("id", "")))
    except ValueError:
        return None


def _place(shape: Mapping[str, Any], secret: Kept) -> str:
    return secret.environment or shape["environment"] or LIVE


def _caught(wrong: list[str], column: str, read: Callable[[], Any]) -> Any:
    """What `read` finds, or none and what is wrong."""
    try:
        return read()
    except ValueError as error:
        wrong.append(f"{column}: {error}" if column else str(error))
        return None


def _moments(
    row: Mapping[str, Any], wrong: list[str]
) -> Iterator[tuple[str, datetime | None]]:
    for name, moment in FLAGS.items():
        if _caught(wrong, name, partial(flag, row.get(name, False))):
            yield moment, timezone.now()
    for name in (*MOMENTS, *OF_SECRET_MOMENTS):
        if name in row:
            yield name, _caught(wrong, name, partial(moment_of, row[name]))


def _told(detail: Any, at: str = "") -> Iterator[str]:
    """`scopes: …` for each error of a serializer."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _told(inner, at or str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _told(inner, at)
    else:
        yield f"{at}: {detail}"
