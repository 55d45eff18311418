"""What a product is: the facts of its guide, loaded from one TOML file each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.product_files import Table, read
from accounts.roles import ROLES, reaches
from ratelimits.limits import Limits

LIVE = "live"
TEST = "test"
ENVIRONMENTS = (LIVE, TEST)

# What views may ask for. A product file maps each to a scope of its own or to a role.
CAPABILITIES = (
    "keys_manage",
    "members_manage",
    "usage_read",
    "audit_read",
    "applications_manage",
    "scans_read",
    "scans_write",
    "judge",
)
SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
# A scope is an OAuth scope-token (RFC 6749 3.3) without the characters that need
# quoting.
SCOPE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
# Two words or more: ids begin with one, and no id may look like a credential.
PREFIX = re.compile(r"[a-z][a-z0-9]{0,15}(_[a-z0-9]{1,15}){1,2}_")


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of a product and the least role that may hold it."""

    word: str
    description: str
    group: str
    role: str
    implies_all: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What an organization pays for. `scopes` is None where the plan has them all."""

    slug: str
    name: str
    limits: Limits
    most_keys: int
    applications: bool
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Words:
    """The words that the product's pages use."""

    create_key: str
    scopes: str
    live: str
    test: str


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How sign-in answers look and last. `refresh_prefix` is None for JWTs."""

    token_type: str
    access_seconds: int
    refresh_prefix: str | None
    refresh_idle: timedelta
    refresh_absolute: timedelta


@dataclass(frozen=True, slots=True)
class Requirement:
    """What grants a capability: a scope or a role. One of the two is set."""

    scope: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """A brand with its own guide. Compared and found by its slug."""

    slug: str
    name: str
    app_url: str
    api_url: str
    words: Words
    sample_header: str
    live_prefix: str
    test_prefix: str
    sessions: SessionRules
    scopes: dict[str, Scope]
    capabilities: dict[str, Requirement]
    plans: dict[str, Plan]

    def key_prefix(self, environment: str) -> str:
        return self.test_prefix if environment == TEST else self.live_prefix

    def expand(self, words: Iterable[str]) -> frozenset[str]:
        """The scopes that these words grant. Unknown words grant nothing."""
        known = [self.scopes[word] for word in words if word in self.scopes]
        if any(scope.implies_all for scope in known):
            return frozenset(self.scopes)
        return frozenset(scope.word for scope in known)

    def scopes_of_role(self, role: str) -> frozenset[str]:
        return frozenset(
            scope.word for scope in self.scopes.values() if reaches(role, scope.role)
        )

    def scopes_of_plan(self, plan: Plan) -> frozenset[str]:
        if plan.scopes is None:
            return frozenset(self.scopes)
        return self.expand(plan.scopes)

    @property
    def prefixes(self) -> tuple[str, ...]:
        refresh = self.sessions.refresh_prefix
        return (self.live_prefix, self.test_prefix, *((refresh,) if refresh else ()))


def products() -> dict[str, Product]:
    """Every product of this deployment by its slug."""
    loaded: dict[str, Product] = settings.PRODUCTS
    return loaded


def load(folders: Iterable[Path]) -> dict[str, Product]:
    """Read every product file. A later folder's file replaces the same slug.

    Raises ImproperlyConfigured, which names the file, the key and the expectation.
    """
    found: dict[str, tuple[Path, Product]] = {}
    for folder in folders:
        found.update(_load_folder(folder))
    if not found:
        raise ImproperlyConfigured("There is no product file, at least one is needed.")
    _refuse_mixed_prefixes(found.values())
    return {slug: product for slug, (_, product) in found.items()}


def _load_folder(folder: Path) -> dict[str, tuple[Path, Product]]:
    if not folder.is_dir():
        raise ImproperlyConfigured(f"{folder}: is not a folder with product files.")
    found: dict[str, tuple[Path, Product]] = {}
    for file in sorted(folder.glob("*.toml")):
        table = read(file)
        product = _product(table)
        if product.slug in found:
            other = found[product.slug][0].name
            raise table.wrong("slug", f"{other} has the same, expected another one")
        found[product.slug] = file, product
    return found


def _product(table: Table) -> Product:
    slug = table.text("slug")
    if not SLUG.fullmatch(slug):
        raise table.wrong("slug", 'expected lower-case letters, digits and "-"')
    addresses, keys = table.table("addresses"), table.table("keys")
    samples = table.table("samples")
    scopes = {word: _scope(table, word, row) for word, row in table.tables("scopes")}
    product = Product(
        slug=slug,
        name=table.text("name"),
        app_url=addresses.origin("app"),
        api_url=addresses.origin("api"),
        words=_words(table.table("words")),
        sample_header=samples.choice("header", ("X-API-Key", "Authorization")),
        live_prefix=_prefix(keys, "live_prefix"),
        test_prefix=_prefix(keys, "test_prefix"),
        sessions=_session_rules(table.table("sessions")),
        scopes=scopes,
        capabilities=_capabilities(table.table("capabilities"), scopes),
        plans={plan: _plan(plan, row, scopes) for plan, row in table.tables("plans")},
    )
    for part in (addresses, keys, samples, table):
        part.done()
    return product


def _prefix(table: Table, key: str) -> str:
    prefix = table.text(key)
    if not PREFIX.fullmatch(prefix):
        raise table.wrong(key, 'expected a prefix such as "acme_live_"')
    return prefix


def _words(table: Table) -> Words:
    words = Words(
        create_key=table.text("create_key"),
        scopes=table.text("scopes"),
        live=table.text("live"),
        test=table.text("test"),
    )
    table.done()
    return words


def _session_rules(table: Table) -> SessionRules:
    token_type = table.text("token_type")
    if token_type.lower() != "bearer":
        raise table.wrong("token_type", 'expected "bearer" in the guide\'s spelling')
    looks_jwt = table.rows.get("refresh") == "jwt"
    prefix = table.text("refresh") if looks_jwt else _prefix(table, "refresh")
    rules = SessionRules(
        token_type=token_type,
        access_seconds=table.number("access_seconds", least=30),
        refresh_prefix=None if looks_jwt else prefix,
        refresh_idle=timedelta(days=table.number("refresh_idle_days", least=1)),
        refresh_absolute=timedelta(days=table.number("refresh_absolute_days", least=1)),
    )
    table.done()
    return rules


def _scope(table: Table, word: str, row: Table) -> Scope:
    if not SCOPE.fullmatch(word):
        raise table.wrong(f'scopes."{word}"', "expected letters, digits and _ . : / -")
    scope = Scope(
        word=word,
        description=row.text("description"),
        group=row.text("group"),
        role=row.choice("role", ROLES),
        implies_all=row.flag("implies_all", default=False),
    )
    row.done()
    return scope


def _capabilities(table: Table, scopes: dict[str, Scope]) -> dict[str, Requirement]:
    found = {name: _requirement(table, name, scopes) for name in CAPABILITIES}
    table.done()
    return found


def _requirement(table: Table, name: str, scopes: dict[str, Scope]) -> Requirement:
    if isinstance(table.rows.get(name), dict):
        row = table.table(name)
        role = row.choice("role", ROLES)
        row.done()
        return Requirement(scope=None, role=role)
    scope = table.text(name)
    if scope not in scopes:
        raise table.wrong(name, 'expected a scope of this file, or { role = "admin" }')
    return Requirement(scope=scope, role=None)


def _plan(slug: str, table: Table, scopes: dict[str, Scope]) -> Plan:
    if not SLUG.fullmatch(slug):
        raise table.wrong("(its name)", 'expected lower-case letters, digits and "-"')
    listed = table.texts("scopes") if "scopes" in table.rows else None
    for word in listed or ():
        if word not in scopes:
            raise table.wrong("scopes", f'"{word}" is not a scope of this file')
    plan = Plan(
        slug=slug,
        name=table.text("name"),
        limits=Limits(
            per_minute=table.number("per_minute", least=1),
            burst=table.number("burst", least=1),
            daily=table.number("daily", least=0) or None,
        ),
        most_keys=table.number("most_keys", least=1),
        applications=table.flag("applications"),
        scopes=None if listed is None else frozenset(listed),
    )
    table.done()
    return plan


def _refuse_mixed_prefixes(found: Iterable[tuple[Path, Product]]) -> None:
    """A credential is told by its prefix, so no prefix may begin with another."""
    keys = ("keys.live_prefix", "keys.test_prefix", "sessions.refresh")
    prefixes = [
        (prefix, key, file)
        for file, product in found
        for key, prefix in zip(keys, product.prefixes, strict=False)
    ]
    for (prefix, _, file), (longer, key, other) in permutations(prefixes, 2):
        if longer.startswith(prefix):
            raise ImproperlyConfigured(
                f'{other}: {key}: "{longer}" begins with "{prefix}" of {file.name}, '
                "expected prefixes that cannot be mistaken."
            )
