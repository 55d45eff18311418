"""The tables of docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.limits.costs import HAMMERED, Cost, Hammered
from bench.limits.exactness import Exactness
from bench.limits.limiters import PROCESS, TCP, Limiter
from bench.limits.many_keys import Filled
from bench.limits.speed import CASES, Timing
from ratelimits.local import MOST_KEYS

MOST_LOCAL, MOST_IN_REDIS, MOST_BYTES = 5, 150, 24 * 1024


@dataclass
class Row:
    """A limiter and what was measured. Memory is in bytes."""

    limiter: Limiter
    timings: dict[str, tuple[Timing, Timing]] = field(
        default_factory=lambda: {case.name: (Timing(), Timing()) for case in CASES}
    )
    admitted_cost: Cost | None = None
    refused_cost: Cost | None = None
    memory: float = 0
    exactness: Exactness | None = None

    @property
    def named(self) -> str:
        home = self.limiter.home
        return f"{self.limiter.name}, {home}"

    def slowest(self) -> float:
        """The median of the slowest case."""
        return max(each.middle for pair in self.timings.values() for each in pair)


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of one run."""

    rows: list[Row]
    ping: Timing
    hammered: Hammered
    filled: list[Filled]

    def text(self) -> str:
        parts = [
            self._bars(),
            self._in_the_process(),
            self._over_redis(),
            self._costs(),
            self._exactness(),
            self._keys(),
            self._hammered(),
        ]
        return "\n\n".join(parts)

    def _bars(self) -> str:
        local, redis = self._ours(PROCESS), self._ours(TCP)
        sent = max(c.commands for c in (redis.admitted_cost, redis.refused_cost) if c)
        heavier = max(local.memory, redis.memory)
        goals = [
            ("µs of a local check", MOST_LOCAL, local.slowest()),
            ("µs of a check by Redis on loopback, p50", MOST_IN_REDIS, redis.slowest()),
            ("commands of such a check", 1, sent),
            ("bytes of a full Enterprise key", MOST_BYTES, heavier),
        ]
        rows = [
            [what, f"{goal:,}", number(figure), "yes" if figure <= goal else "no"]
            for what, goal, figure in goals
        ]
        flat = [
            [f"most keys to ten, {home}", "flat", f"{self._growth(home):.2f}", ""]
            for home in (PROCESS, TCP)
        ]
        return table(("the slowest case", "goal", "measured", "held"), rows + flat)

    def _growth(self, home: str) -> float:
        timings = [each.timing for each in self.filled if each.home == home]
        return timings[-1].middle / timings[0].middle

    def _ours(self, home: str) -> Row:
        return next(row for row in self.rows if row.limiter.home == home)

    def _in_the_process(self) -> str:
        rows = [row for row in self.rows if row.limiter.home == PROCESS]
        return table(
            ("µs of a check in the process", *_case_titles()),
            ([row.limiter.name, *_figures(row)] for row in rows),
        )

    def _over_redis(self) -> str:
        rows = [row for row in self.rows if row.limiter.home != PROCESS]
        ping = [_both(self.ping), *[""] * (2 * len(CASES) - 1)]
        return table(
            ("µs of a check by Redis, p50 (p99)", *_case_titles()),
            [
                *([row.named, *_figures(row)] for row in rows),
                ["PING alone, loopback", *ping],
            ],
        )

    def _costs(self) -> str:
        titles = (
            "commands, admitted",
            "refused",
            "µs of the server, admitted",
            "refused",
        )
        return table(
            ("Starter", *titles),
            (
                [
                    row.named,
                    *(f"{cost.commands:.1f}" for cost in costs),
                    *(number(cost.microseconds) for cost in costs),
                ]
                for row in self.rows
                if row.exactness
                and (costs := [c for c in (row.admitted_cost, row.refused_cost) if c])
            ),
        )

    def _exactness(self) -> str:
        titles = ("16 threads at once", "any 60 s", "left after 60 at once")
        return table(
            ("admitted where 100 may be", *titles, "bytes of a key with 2,000"),
            (
                [*map(str, (row.named, exact.threads, exact.minute, exact.left)), size]
                for row in self.rows
                if (exact := row.exactness) and (size := number(row.memory))
            ),
        )

    def _keys(self) -> str:
        titles = ("µs of an admitted check, keys", "p50 (p99)", "filled in", "MB")
        return table(
            titles,
            (
                [
                    _keys_of(each),
                    _figure(each.timing, each.home),
                    f"{each.seconds:.1f} s",
                    f"{each.size / 1e6:.1f}" if each.size else "",
                ]
                for each in sorted(self.filled, key=lambda each: each.home)
            ),
        )

    def _hammered(self) -> str:
        seen = self.hammered
        return (
            f"One key under {HAMMERED.burst}/s, {HAMMERED.per_minute}/min, hammered by "
            f"{seen.threads} threads through `SharedStore`: {seen.offered:,} requests, "
            f"{seen.admitted:,} admitted, Redis was asked {seen.asked:,} times: "
            f"{seen.asked / seen.admitted:.2f} for each that was admitted."
        )


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(titles)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(figure: float) -> str:
    return f"{figure:.2f}" if figure < 10 else f"{figure:,.0f}"


def _case_titles() -> list[str]:
    pairs = [(f"{case.name}, admitted", "refused") for case in CASES]
    return [title for pair in pairs for title in pair]


def _figures(row: Row) -> list[str]:
    timings = [timing for pair in row.timings.values() for timing in pair]
    return [_figure(each, row.limiter.home) for each in timings]


def _figure(timing: Timing, home: str) -> str:
    """In the process not single checks are timed, which have no p99."""
    return number(timing.middle) if home == PROCESS else _both(timing)


def _keys_of(each: Filled) -> str:
    kept = f", of which it keeps {MOST_KEYS:,}"
    forgets = each.home == PROCESS and each.count > MOST_KEYS
    return f"{each.count:,} {each.home}{kept if forgets else ''}"


def _both(timing: Timing) -> str:
    return f"{number(timing.middle)} ({number(timing.tail)})"
