"""What may be done with a product: its scopes, and what grants each capability."""

from __future__ import annotations

import re
from dataclasses import dataclass

from accounts.product_files import Table
from accounts.roles import ROLES, Role, reaches

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
# A scope is an OAuth scope-token (RFC 6749 3.3) without the characters that need
# quoting.
SCOPE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of a product and the least role that may hold it."""

    word: str
    description: str
    group: str
    role: str
    implies_all: bool

    @property
    def is_powerful(self) -> bool:
        """Whether pages warn of it: it reaches beyond what every member may do."""
        return self.implies_all or not reaches(Role.MEMBER, self.role)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What grants a capability: a scope or a role. One of the two is set."""

    scope: str | None
    role: str | None


def load_scopes(product: Table) -> dict[str, Scope]:
    return {word: _scope(product, word, row) for word, row in product.tables("scopes")}


def _scope(product: Table, word: str, row: Table) -> Scope:
    if not SCOPE.fullmatch(word):
        raise product.wrong(
            f'scopes."{word}"', "expected letters, digits and _ . : / -"
        )
    scope = Scope(
        word=word,
        description=row.text("description"),
        group=row.text("group"),
        role=row.choice("role", ROLES),
        implies_all=row.flag("implies_all", default=False),
    )
    row.done()
    return scope


def load_capabilities(table: Table, scopes: dict[str, Scope]) -> dict[str, Requirement]:
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
