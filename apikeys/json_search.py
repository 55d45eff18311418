"""Looking for a text in a JSON list or object of a row, in SQLite and PostgreSQL.

A JSON column is text in SQLite, with all letters but ASCII ones escaped, so that LIKE
would miss them. Both databases can take it apart instead.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import BooleanField, Func

Sql = tuple[str, tuple[Any, ...]]


class _AnyText(Func):
    """Whether one text of a column passes a condition that names it `item.atom`."""

    arity = 2
    output_field = BooleanField()
    # How PostgreSQL reads the column, and how it names what it reads.
    reader: ClassVar[str]
    columns: ClassVar[str]

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        return self._exists(compiler, "json_each({}) AS item", find="instr")

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        source = f"{self.reader}({{}}) AS item({self.columns})"
        return self._exists(compiler, source, find="strpos")

    def condition(self, text: str, find: str) -> str:
        return f"{find}(lower(item.atom), lower({text})) > 0"

    def _exists(self, compiler: Any, source: str, find: str) -> Sql:
        column, text = (compiler.compile(part) for part in self.source_expressions)
        found = f"SELECT 1 FROM {source.format(column[0])}"  # noqa: S608
        condition = self.condition(text[0], find)
        return f"EXISTS({found} WHERE {condition})", (*column[1], *text[1])


class ListContains(_AnyText):
    """Whether one text of a list has this as a part, in large or small letters."""

    reader, columns = "jsonb_array_elements_text", "atom"


class ListHas(ListContains):
    """Whether one text of a list is exactly this."""

    def condition(self, text: str, find: str) -> str:
        return f"item.atom = {text}"


class ObjectContains(_AnyText):
    """Whether one value of an object has this as a part, in large or small letters."""

    reader, columns = "jsonb_each_text", "name, atom"
