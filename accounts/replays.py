"""What works once, in a table: proofs, assertions, and whatever carries a `jti`."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import connection

from accounts.models import SeenOnce


def first_use(text: str, *, until: datetime) -> bool:
    """Whether nobody showed this text before. Remembers it until then, or longer.

    One statement decides, so of many at once exactly one is the first. In a
    transaction that is rolled back, the use is forgotten with it. Begin the text with
    what it is about, so that no two uses meet: `dpop:…`.
    """
    table = connection.ops.quote_name(SeenOnce._meta.db_table)
    fields = SeenOnce._meta.get_field("digest"), SeenOnce._meta.get_field("expires_at")
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    values = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, (digest, until), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (digest, expires_at) VALUES (%s, %s) "  # noqa: S608
            "ON CONFLICT (digest) DO NOTHING",
            values,
        )
        return cursor.rowcount == 1
