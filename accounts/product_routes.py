"""Which scope a product's own address needs: the rules of its file.

A path that two servers may read differently fits no rule. To guess would let somebody
in by a rule that was written for another address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.product_files import Table
from accounts.product_rights import Scope

LONGEST_PATH = 2_000
METHOD = re.compile(r"[A-Z]{1,20}")
LITERAL = r"[A-Za-z0-9._~!$&'()*+,=:@-]+"
SEGMENT = re.compile(rf"{LITERAL}|\{{[a-z][a-z0-9_]*\}}")
REST = re.compile(r"\{[a-z][a-z0-9_]*\*\}")
# No percent-encoding and no ";", of which servers make different things; the address
# ends where "?" or "#" would begin.
PATH = re.compile(rf"/|(/{LITERAL})+")
DOTS = frozenset({".", ".."})
# What a segment of a rule is, the most specific first.
FIXED, ONE, MANY = range(3)
EXPECTED = 'expected a path such as "/api/v1/scans/{id}" or "/files/{rest*}"'


@dataclass(frozen=True, slots=True)
class Route:
    """One rule: a request by one of `methods` to `path` needs `scope`.

    `rank` has FIXED, ONE or MANY for each of `segments`: the smaller, the more
    specific, from the left.
    """

    methods: tuple[str, ...]
    path: str
    scope: str
    segments: tuple[str, ...]
    rank: tuple[int, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """The same for two rules that no path could tell apart."""
        pairs = zip(self.segments, self.rank, strict=True)
        return tuple(("", "{}", "{*}")[kind] or text.lower() for text, kind in pairs)

    def fits(self, asked: list[str]) -> bool:
        """Whether it is about these segments, in whatever case they are written."""
        if self.rank[-1] == MANY:
            asked = asked[: len(self.segments)]
        return len(asked) == len(self.segments) and all(
            kind != FIXED or text.lower() == part.lower()
            for text, kind, part in zip(self.segments, self.rank, asked, strict=True)
        )

    def spells(self, asked: list[str]) -> bool:
        """Whether what is fixed is written as the rule has it."""
        pairs = zip(self.segments, self.rank, asked, strict=False)
        return all(kind != FIXED or text == part for text, kind, part in pairs)


def find(routes: Iterable[Route], method: str, path: str) -> Route | None:
    """The most specific rule for a request, or none. HEAD needs what GET needs where no
    rule names it."""
    asked = _segments(path)
    if asked is None:
        return None
    fitting = [route for route in routes if route.fits(asked)]
    chosen = _most_specific(fitting, method)
    if chosen is None and method == "HEAD":
        chosen = _most_specific(fitting, "GET")
    # The rule for the same letters in another case would be the one to ask, were it a
    # server to which case means nothing. So no broader one stands in for it.
    return chosen if chosen is not None and chosen.spells(asked) else None


def load_routes(product: Table, scopes: dict[str, Scope]) -> tuple[Route, ...]:
    """The rules of a product file, of which there may be none."""
    if "routes" not in product.rows:
        return ()
    rows: list[object] = product.take("routes", list, "a list of tables, [[routes]]")
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    routes = []
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise product.wrong("routes", "expected a list of tables, [[routes]]")
        table = Table(product.file, row, where=f"routes[{number}]")
        route = _route(table, scopes)
        for method in route.methods:
            other = found.setdefault((method, route.shape), number)
            if other != number:
                same = f"routes[{other}] says the same of {method}, remove one"
                raise table.wrong("path", same)
        routes.append(route)
    return tuple(routes)


def _route(table: Table, scopes: dict[str, Scope]) -> Route:
    methods, path = table.texts("methods"), table.text("path")
    scope = table.text("scope")
    if not methods or not all(METHOD.fullmatch(method) for method in methods):
        raise table.wrong("methods", 'expected methods such as ["GET", "POST"]')
    if len(set(methods)) < len(methods):
        raise table.wrong("methods", "expected each method once")
    if not _is_pattern(path):
        raise table.wrong("path", EXPECTED)
    if scope not in scopes:
        raise table.wrong("scope", f'"{scope}" is not a scope of this file')
    table.done()
    segments = tuple(path.split("/")[1:])
    return Route(methods, path, scope, segments, tuple(map(_sort, segments)))


def _is_pattern(path: str) -> bool:
    if path == "/":
        return True
    begin, *segments = path.split("/")
    if begin or not segments or len(path) > LONGEST_PATH:
        return False
    *before, last = segments
    return all(SEGMENT.fullmatch(each) and each not in DOTS for each in before) and (
        last not in DOTS and bool(SEGMENT.fullmatch(last) or REST.fullmatch(last))
    )


def _segments(path: str) -> list[str] | None:
    """Those of a path that every server reads alike, else none."""
    if len(path) > LONGEST_PATH or not PATH.fullmatch(path):
        return None
    asked = path.split("/")[1:]
    return None if DOTS & set(asked) else asked


def _sort(segment: str) -> int:
    if not segment.startswith("{"):
        return FIXED
    return MANY if REST.fullmatch(segment) else ONE


def _most_specific(routes: list[Route], method: str) -> Route | None:
    named = [route for route in routes if method in route.methods]
    return min(named, key=lambda route: route.rank, default=None)
