"""The base of every row that the outside may name: a UUIDv7 shown as a TypeID."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.db import models

from accounts import ids

Row = TypeVar("Row", bound="Identified", covariant=True)


class IdentifiedQuerySet(models.QuerySet[Row]):
    """Rows that have a public id."""

    def with_public_id(self, text: str) -> Self:
        """The row of a public id, none for anything that is not one of this table."""
        try:
            return self.filter(pk=ids.decode(self.model.prefix, text))
        except ValueError:
            return self.none()


class Identified(models.Model):
    """A row with a `public_id` such as "key_01h…"; `prefix` is the part before "_"."""

    prefix: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.encode(self.prefix, self.id)
