"""What a product is: the facts of its guide, loaded from one TOML file each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.product_files import Table, read
from accounts.product_rights import (
    Requirement,
    Scope,
    load_capabilities,
    load_scopes,
)
from accounts.product_routes import Route, load_routes
from accounts.product_tokens import (
    OAuthRules,
    SessionRules,
    load_oauth_rules,
    load_prefix,
    load_session_rules,
)
from accounts.roles import reaches
from ratelimits.limits import Limits

LIVE = "live"
TEST = "test"
ENVIRONMENTS = (LIVE, TEST)
# The schemes of Authorization that other systems' keys stand behind, and the carrier
# that each is here.
IMPORTED_SCHEMES = {"api-key": "api-key", "token": "token"}
SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")


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
    imported_schemes: frozenset[str]
    sessions: SessionRules
    oauth: OAuthRules
    scopes: dict[str, Scope]
    capabilities: dict[str, Requirement]
    plans: dict[str, Plan]
    routes: tuple[Route, ...]

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
        return tuple(self.prefixes_by_entry.values())

    @property
    def prefixes_by_entry(self) -> dict[str, str]:
        """What its credentials begin with, by the entry of the file that says so."""
        found = {
            "keys.live_prefix": self.live_prefix,
            "keys.test_prefix": self.test_prefix,
        }
        if self.sessions.refresh_prefix is not None:
            found["sessions.refresh"] = self.sessions.refresh_prefix
        return found | {
            "oauth.access_prefix": self.oauth.access_prefix,
            "oauth.refresh_prefix": self.oauth.refresh_prefix,
            "oauth.secret_prefix": self.oauth.secret_prefix,
        }


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
    scopes = load_scopes(table)
    product = Product(
        slug=slug,
        name=table.text("name"),
        app_url=addresses.origin("app"),
        api_url=addresses.origin("api"),
        words=_words(table.table("words")),
        sample_header=samples.choice("header", ("X-API-Key", "Authorization")),
        live_prefix=load_prefix(keys, "live_prefix"),
        test_prefix=load_prefix(keys, "test_prefix"),
        imported_schemes=_imported_schemes(keys),
        sessions=load_session_rules(table.table("sessions")),
        oauth=load_oauth_rules(table.table("oauth")),
        scopes=scopes,
        capabilities=load_capabilities(table.table("capabilities"), scopes),
        plans={plan: _plan(plan, row, scopes) for plan, row in table.tables("plans")},
        routes=load_routes(table, scopes),
    )
    for part in (addresses, keys, samples, table):
        part.done()
    return product


def _imported_schemes(table: Table) -> frozenset[str]:
    key = "imported_schemes"
    listed = table.texts(key) if key in table.rows else ()
    for scheme in listed:
        if scheme.lower() not in IMPORTED_SCHEMES:
            raise table.wrong(key, f'"{scheme}" is none of Api-Key, Token')
    return frozenset(IMPORTED_SCHEMES[scheme.lower()] for scheme in listed)


def _words(table: Table) -> Words:
    words = Words(
        create_key=table.text("create_key"),
        scopes=table.text("scopes"),
        live=table.text("live"),
        test=table.text("test"),
    )
    table.done()
    return words


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
    prefixes = [
        (prefix, key, file)
        for file, product in found
        for key, prefix in product.prefixes_by_entry.items()
    ]
    for (prefix, _, file), (longer, key, other) in permutations(prefixes, 2):
        if longer.startswith(prefix):
            raise ImproperlyConfigured(
                f'{other}: {key}: "{longer}" begins with "{prefix}" of {file.name}, '
                "expected prefixes that cannot be mistaken."
            )
