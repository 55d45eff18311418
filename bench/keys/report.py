"""The tables of docs/performance.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.keys.cases import HTTP, INSIDE, Case
from bench.keys.processes import DOORWARD

# Milliseconds over an open view, and what counts as flat.
MOST_OVER, FLAT = 1.0, 1.1


@dataclass(frozen=True, slots=True)
class Report:
    """All cases of one run."""

    cases: list[Case]

    def text(self) -> str:
        return "\n\n".join(
            [self._goals(), self._beside(), self._counts(), self._owners()]
        )

    def _goals(self) -> str:
        rows = [
            self._over(INSIDE),
            self._over(HTTP),
            ["queries of a request with a key", "1", f"{self._ours().queries}"],
            ["writes of it", "0", f"{self._ours().writes}"],
            *self._growths(),
        ]
        return table(("Doorward", "goal", "measured"), rows)

    def _over(self, home: str) -> list[str]:
        most = self._largest(home)
        over = self._ours(home).over(self._open(self._ours(home)))
        what = f"ms over an open view, p50, {most:,} keys, {home}"
        return [what, f"{MOST_OVER}", f"{over:.2f}"]

    def _growths(self) -> list[list[str]]:
        by_count = [each for each in self._of("Doorward", INSIDE) if not each.of_owner]
        ours = self._of("Doorward", INSIDE)
        growths = [(by_count[0], by_count[-1], "keys")]
        for kind in ("organization", "member"):
            found = [each for each in ours if each.of_owner.startswith(kind)]
            growths.append((found[0], found[-1], f"keys of one {kind}"))
        return [
            [f"p50, {_size(large)} to {_size(small)} {what}", f"{FLAT}", ratio]
            for small, large, what in growths
            if (ratio := f"{large.ratio(small):.2f}")
        ]

    def _beside(self) -> str:
        rows = [
            [
                f"{each.package or 'open view'}{_project(each)}, {each.home}",
                _both(each),
                f"{each.over(self._open(each)):.2f}" if each.package else "",
                f"{each.queries}" if each.home == INSIDE else "",
                f"{each.writes}" if each.home == INSIDE else "",
            ]
            for each in self.cases
            if each.keys == self._largest(each.home) and not each.of_owner
        ]
        titles = ("ms, p50 (p99)", "p50 over the open view", "queries", "writes")
        return table((f"{self._largest(INSIDE):,} keys or tokens", *titles), rows)

    def _counts(self) -> str:
        counts = sorted({each.keys for each in self.cases})
        return table(
            ("ms, p50 (p99), by keys or tokens in all", *(f"{n:,}" for n in counts)),
            self._rows(lambda each: not each.of_owner),
        )

    def _owners(self) -> str:
        found = [each for each in self.cases if each.of_owner and each.home == INSIDE]
        return table(
            ("keys or tokens of one owner", "ms, p50 (p99)", "over the open view"),
            (
                [
                    f"{each.package}, {each.of_owner}",
                    _both(each),
                    f"{each.over(self._open(each)):.2f}",
                ]
                for each in found
            ),
        )

    def _rows(self, wanted: Callable[[Case], bool]) -> Iterable[list[str]]:
        for package in ("Doorward", "drf-api-key", "knox"):
            of_package = [each for each in self._of(package, INSIDE) if wanted(each)]
            yield [package, *map(_both, of_package)]

    def _of(self, package: str, home: str) -> list[Case]:
        found = [each for each in self.cases if each.package == package]
        return sorted(
            (each for each in found if each.home == home), key=lambda each: each.keys
        )

    def _ours(self, home: str = INSIDE) -> Case:
        found = [each for each in self._of("Doorward", home) if not each.of_owner]
        return found[-1]

    def _open(self, case: Case) -> Case:
        """The open view of the same project, database and process."""
        return next(
            each for each in self.cases if not each.package and each.asked is case.asked
        )

    def _largest(self, home: str) -> int:
        return max(each.keys for each in self.cases if each.home == home)


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(titles)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _project(case: Case) -> str:
    if case.package:
        return ""
    return " of Doorward" if case.stack == DOORWARD.name else " of the others"


def _size(case: Case) -> str:
    return case.of_owner.rpartition(" ")[2] if case.of_owner else f"{case.keys:,}"


def _both(case: Case) -> str:
    return f"{case.middle:.2f} ({case.tail:.2f})"
