"""How a database is filled: a few keys are used, among many that only lie there."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.apps import apps
from django.db import connection

# So many keys of a database are used at most.
MOST_USED = 2_000
PARTS = 100
# Values of Authorization by what they are for.
Values = dict[str, list[str]]


def take_time() -> None:
    """A million rows take longer than a request may."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


def parts(count: int) -> Iterator[tuple[int, int]]:
    """How many of each part are used, and how many only lie there."""
    number = PARTS if count >= MOST_USED else 1
    used = min(count, MOST_USED) // number
    for _ in range(number):
        yield used, count // number - used


def finish(values: Values) -> None:
    """Tell them, once PostgreSQL knows what there is."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'VACUUM ANALYZE "{model._meta.db_table}"')
    print(json.dumps(values))
