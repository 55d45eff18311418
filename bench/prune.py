"""How long `manage.py prune` takes on PostgreSQL with hundreds of thousands of expired
tokens.

    .venv/bin/python -m bench.prune [--tokens 300000] [--per-grant 1] [--alive 20000]

In a scratch database on the server of DATABASE_URL, which is dropped afterwards; where
that is not set, on a PostgreSQL of its own that does not sync to the disk. There are as
many refresh tokens as access tokens, and a grant for each `--per-grant` of them. What
is measured is the whole command, from its start to its end.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from accounts.ids import uuid7
from tests import servers
from tests.running import clean_environment, command

TABLES = ("oauth_accesstoken", "oauth_refreshtoken", "oauth_grant")
GRANTS = """
INSERT INTO oauth_grant (id, consent_id, created, expires, redirect_uri, scope,
    code_challenge, nonce, resource, dpop_jkt, auth_time, amr, consumed_at)
SELECT gen_random_uuid(), %(consent)s, now(),
    %(ends)s::timestamptz + n * interval '1 s', '', 'scans_read', '', '',
    '[]', '', now(), '[]', now()
FROM generate_series(1, %(grants)s) AS n
"""
ACCESS_TOKENS = """
INSERT INTO oauth_accesstoken (id, digest, application_id, grant_id, created, expires,
    scope, resource, dpop_jkt)
SELECT gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), %(application)s, id,
    now(), expires, 'scans_read', '[]', ''
FROM oauth_grant, generate_series(1, %(each)s) WHERE expires >= %(ends)s
"""
REFRESH_TOKENS = """
INSERT INTO oauth_refreshtoken (id, digest, grant_id, created, expires, dpop_jkt,
    consumed_at, successor_id, sealed_successor)
SELECT gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), id, now(), expires,
    '', now(), gen_random_uuid(), decode(repeat('5a', 300), 'hex')
FROM oauth_grant, generate_series(1, %(each)s) WHERE expires >= %(ends)s
"""


def main() -> None:
    options = _options()
    with _database() as url, tempfile.TemporaryDirectory() as folder:
        environment = _environment(url, Path(folder))
        _manage(environment, "migrate")
        with psycopg.connect(url, autocommit=True) as connection:
            owner = _owner(environment, connection)
            _fill(connection, owner, "-30 days", options.tokens, options.per_grant)
            _fill(connection, owner, "1 day", options.alive, options.per_grant)
            for table in TABLES:
                connection.execute(f"VACUUM ANALYZE {table}".encode())
            before = _counts(connection)
            begun = time.perf_counter()
            told = json.loads(_manage(environment, "prune", "--json"))
            seconds = time.perf_counter() - begun
            _tell(before, _counts(connection), told["rows"], seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=300_000)
    parser.add_argument("--per-grant", type=int, default=1)
    parser.add_argument("--alive", type=int, default=20_000)
    return parser.parse_args()


@contextmanager
def _database() -> Iterator[str]:
    given = os.environ.get("DATABASE_URL")
    if not given:
        with servers.postgresql() as server:
            yield server.url
        return
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield f"{given.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _environment(url: str, folder: Path) -> dict[str, str]:
    keys = [base64.b64encode(secrets.token_bytes(32)).decode() for _ in "12"]
    return clean_environment(
        folder,
        DATABASE_URL=url,
        DOORWARD_SECRET_KEY=secrets.token_urlsafe(48),
        DOORWARD_PEPPERS=f"1:{keys[0]}",
        DOORWARD_ENCRYPTION_KEYS=f"1:{keys[1]}",
        DOORWARD_PUBLIC_URL="http://localhost:8000",
    )


def _manage(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        command(*words), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr  # noqa: S101
    return done.stdout


def _owner(
    environment: dict[str, str], connection: psycopg.Connection
) -> dict[str, UUID]:
    """The consent and the application that all rows belong to."""
    wish = ["--product", "netrecon", "--plan", "enterprise", "--json"]
    _manage(environment, "createorganization", "Bench", "--owner", "a@b.test", *wish)
    found = {"consent": uuid7(), "application": uuid7()}
    connection.execute(
        """
        INSERT INTO oauth_application (id, organization_id, created, client_id, name,
            type, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri,
            scopes, require_pkce, require_pushed_authorization_requests,
            dpop_bound_access_tokens, token_endpoint_auth_method, algorithm,
            access_token_format, is_active, created_by, secret_hint, old_secret_hint)
        SELECT %(application)s, id, now(), 'bench', 'Bench', 'web', '', '', '', '[]',
            false, false, false, 'none', 'RS256', 'opaque', true, '', '', ''
        FROM accounts_organization
        """,
        found,
    )
    connection.execute(
        """
        INSERT INTO oauth_consent (id, membership_id, application_id, scopes,
            granted_at, withdrawn_reason)
        SELECT %(consent)s, id, %(application)s, '[]', now(), ''
        FROM accounts_membership
        """,
        found,
    )
    return found


def _fill(
    connection: psycopg.Connection,
    owner: dict[str, UUID],
    after: str,
    tokens: int,
    per_grant: int,
) -> None:
    """Rows that end, one a second, from this moment on."""
    moment = f"SELECT now() + interval '{after}'".encode()
    row = connection.execute(moment).fetchone()
    assert row is not None  # noqa: S101
    counts = {"grants": tokens // per_grant, "each": per_grant, "ends": row[0]}
    for statement in (GRANTS, ACCESS_TOKENS, REFRESH_TOKENS):
        connection.execute(statement, {**owner, **counts})


def _counts(connection: psycopg.Connection) -> dict[str, int]:
    found = {}
    for table in TABLES:
        count = f"SELECT count(*) FROM {table}"  # noqa: S608 - one of TABLES
        row = connection.execute(count.encode()).fetchone()
        found[table] = row[0] if row else 0
    return found


def _tell(
    before: dict[str, int], after: dict[str, int], told: dict[str, int], seconds: float
) -> None:
    for table in TABLES:
        print(f"{before[table]:>10,} -> {after[table]:>8,}  {table}")
    gone = sum(told.values())
    print(f"{gone:,} rows in {seconds:.2f} s, {gone / seconds:,.0f} a second")


if __name__ == "__main__":
    main()
