"""Many new rows at once, without all that Django does about each of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, models


def insert(rows: Sequence[models.Model]) -> None:
    """Write new rows of one table in one step. They do not learn keys that the database
    gives them, and nothing is done for a signal or by `save`."""
    if not rows:
        return
    meta = rows[0]._meta
    fields = [
        field
        for field in meta.local_concrete_fields
        if not isinstance(field, models.AutoField)
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(meta.db_table)
    # Names of our own models only.
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
    values = [
        [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in fields
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)
