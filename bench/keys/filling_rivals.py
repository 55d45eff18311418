"""Fills a database of the others.

    python -m bench.keys.filling_rivals COUNT LARGEST

Prints what is sent of the keys and tokens that are used. Users of knox have ten tokens
each; besides, in the largest database, one each has 1, 100, 1,000 and 5,000.
"""

from __future__ import annotations

import sys
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models need the settings
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from knox.models import AuthToken, get_digest_token  # noqa: E402
from knox.settings import CONSTANTS, knox_settings  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402

from bench.keys.filling import Values, finish, parts, take_time  # noqa: E402

EACH = 10
TOKENS = (1, 100, 1_000, 5_000)
# Their prefixes and digests look like real ones, and are those of no key.
OTHER_KEYS = """
INSERT INTO rest_framework_api_key_apikey
    (id, prefix, hashed_key, created, name, revoked)
SELECT prefix || '.' || digest, prefix, digest, now(), 'Key', false FROM (
    SELECT left(md5(gen_random_uuid()::text), 8) AS prefix,
        'sha512$$' || encode(sha512(gen_random_uuid()::text::bytea), 'hex') AS digest
    FROM generate_series(1, %(count)s)
) AS made
ON CONFLICT DO NOTHING
"""
OTHER_USERS = """
INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email,
    is_staff, is_active, date_joined)
SELECT gen_random_uuid(), '!', false, '', '', '', false, true, now()
FROM generate_series(1, %(count)s) RETURNING id
"""
OTHER_TOKENS = (
    """
WITH users AS ("""
    + OTHER_USERS
    + """)
INSERT INTO knox_authtoken (digest, token_key, user_id, created, expiry)
SELECT encode(sha512(gen_random_uuid()::text::bytea), 'hex'),
    left(md5(gen_random_uuid()::text), 15), id, now(), now() + interval '10 hours'
FROM users CROSS JOIN generate_series(1, %(each)s)
"""
)


def main() -> None:
    count, largest = int(sys.argv[1]), int(sys.argv[2])
    take_time()
    values: Values = {"keys": [], "tokens": []}
    for used, others in parts(count):
        values["keys"] += _keys(used)
        values["tokens"] += _tokens(used, EACH)
        _lie_there(others)
    if count == largest:
        for each in TOKENS:
            values[f"user of {each}"] = _tokens(each, each)
    finish(values)


def _keys(count: int) -> list[str]:
    """What is sent of so many keys of drf-api-key."""
    rows = [APIKey(name="Used") for _ in range(count)]
    manager: Any = APIKey._default_manager
    texts = [manager.assign_key(row) for row in rows]
    manager.bulk_create(rows)
    return [f"Api-Key {text}" for text in texts]


def _tokens(count: int, each: int) -> list[str]:
    """What is sent of so many tokens of knox, by users with so many each."""
    names = [f"{number}-{timezone.now()}" for number in range(-(-count // each))]
    users = User.objects.bulk_create(User(username=name) for name in names)
    made = [get_digest_token() for _ in range(count)]
    expiry = timezone.now() + knox_settings.TOKEN_TTL
    AuthToken.objects.bulk_create(
        AuthToken(
            digest=digest,
            token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH],
            user=users[number // each],
            expiry=expiry,
        )
        for number, (digest, text) in enumerate(made)
    )
    return [f"Token {text}" for _, text in made]


def _lie_there(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(OTHER_KEYS, {"count": count})
        cursor.execute(OTHER_TOKENS, {"count": count // EACH, "each": EACH})


if __name__ == "__main__":
    main()
