"""How a product's tokens look and how long they last: of sessions and of OAuth."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from accounts.product_files import Table

# Two words or more: ids begin with one, and no id may look like a credential.
PREFIX = re.compile(r"[a-z][a-z0-9]{0,15}(_[a-z0-9]{1,15}){1,2}_")


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How sign-in answers look and last. `refresh_prefix` is None for JWTs."""

    token_type: str
    access_seconds: int
    refresh_prefix: str | None
    refresh_idle: timedelta
    refresh_absolute: timedelta


@dataclass(frozen=True, slots=True)
class OAuthRules:
    """How what OAuth applications hold looks and lasts."""

    access_prefix: str
    refresh_prefix: str
    secret_prefix: str
    token_type: str
    access_seconds: int
    refresh_idle: timedelta
    refresh_absolute: timedelta


def load_session_rules(table: Table) -> SessionRules:
    looks_jwt = table.rows.get("refresh") == "jwt"
    prefix = table.text("refresh") if looks_jwt else load_prefix(table, "refresh")
    refresh_idle, refresh_absolute = _refresh_days(table)
    rules = SessionRules(
        token_type=_token_type(table),
        access_seconds=table.number("access_seconds", least=30),
        refresh_prefix=None if looks_jwt else prefix,
        refresh_idle=refresh_idle,
        refresh_absolute=refresh_absolute,
    )
    table.done()
    return rules


def load_oauth_rules(table: Table) -> OAuthRules:
    refresh_idle, refresh_absolute = _refresh_days(table)
    rules = OAuthRules(
        access_prefix=load_prefix(table, "access_prefix"),
        refresh_prefix=load_prefix(table, "refresh_prefix"),
        secret_prefix=load_prefix(table, "secret_prefix"),
        token_type=_token_type(table),
        access_seconds=table.number("access_seconds", least=30),
        refresh_idle=refresh_idle,
        refresh_absolute=refresh_absolute,
    )
    table.done()
    return rules


def load_prefix(table: Table, key: str) -> str:
    prefix = table.text(key)
    if not PREFIX.fullmatch(prefix):
        raise table.wrong(key, 'expected a prefix such as "acme_live_"')
    return prefix


def _token_type(table: Table) -> str:
    token_type = table.text("token_type")
    if token_type.lower() != "bearer":
        raise table.wrong("token_type", 'expected "bearer" in the guide\'s spelling')
    return token_type


def _refresh_days(table: Table) -> tuple[timedelta, timedelta]:
    """How long a refresh token lives unused, and how long with all that follow it."""
    idle = table.number("refresh_idle_days", least=1)
    absolute = table.number("refresh_absolute_days", least=1)
    if absolute < idle:
        expectation = f"expected at least the {idle} of refresh_idle_days"
        raise table.wrong("refresh_absolute_days", expectation)
    return timedelta(days=idle), timedelta(days=absolute)
