"""A judge of rate limits who knows nothing but a log of requests and the promise.

It shares no code with the limiter and is slow and plain. When a request was judged is
known to lie between its sending and its answer. A fault is told only where it is one
whatever those moments were, so a true limiter never gets a complaint.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
ROLLING = {"burst": SECOND, "minute": 60 * SECOND}


class Numbers(NamedTuple):
    """The limits of a key, by window."""

    burst: int
    minute: int
    day: int

    def items(self) -> Iterable[tuple[str, int]]:
        return self._asdict().items()


@dataclass(frozen=True)
class Answer:
    """One line of the log. Times are nanoseconds since 1970."""

    key: str
    caller: str
    sent: int
    received: int
    steady: int
    status: int
    headers: dict[str, str]
    violated: list[str] | None = None

    @property
    def is_refused(self) -> bool:
        return self.status == 429

    @property
    def retry_after(self) -> int:
        return int(self.headers.get("retry-after", 0)) * SECOND


class Fault(NamedTuple):
    """A broken promise: which one, and by which answer."""

    kind: str
    answer: Answer
    text: str


class Span(NamedTuple):
    """Something is known to lie between these two, both included."""

    least: int
    most: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.least <= number <= self.most


@dataclass
class Sharpness:
    """How much the log could prove: windows seen exactly full, numbers pinned down."""

    full: Counter[str] = field(default_factory=Counter)
    pinned: int = 0
    counted: int = 0
    obeyed: int = 0
    slack: list[int] = field(default_factory=list)


class Bounds(NamedTuple):
    """When the admitted may have been admitted, as seen from one answer.

    The least and the most, each from the newest on: the n-th newest was admitted
    between the n-th of both.
    """

    least: list[int]
    most: list[int]


class History:
    """The log of one key: its limits, and who was admitted when."""

    def __init__(
        self, answers: Iterable[Answer], numbers: Numbers, sharpness: Sharpness
    ) -> None:
        self.ordered = sorted(answers, key=lambda answer: answer.sent)
        self.admitted = [each for each in self.ordered if not each.is_refused]
        self.numbers = numbers
        self.sharpness = sharpness
        self._bounds: dict[int, Bounds] = {}

    def bounds(self, at: Answer) -> Bounds:
        """Of those that were, or may have been, admitted before `at` was judged."""
        if id(at) not in self._bounds:
            others = [each for each in self.admitted if each is not at]
            certain = [each.sent for each in others if each.received <= at.sent]
            possible = [
                min(each.received, at.received)
                for each in others
                if each.sent <= at.received
            ]
            certain.sort(reverse=True)
            possible.sort(reverse=True)
            self._bounds[id(at)] = Bounds(certain, possible)
        return self._bounds[id(at)]

    def used(self, window: str, at: Answer) -> Span:
        """How many others stood in the window when `at` was judged."""
        least, most = self.bounds(at)
        certain, possible = since(window, at.received), since(window, at.sent)
        return Span(
            sum(moment > certain for moment in least),
            sum(moment > possible for moment in most),
        )

    def nth_newest(self, number: int, at: Answer) -> Span | None:
        """When the request was admitted that was the n-th newest as `at` was judged.

        `at` itself is the newest where it was admitted. None: there were not so many.
        """
        least, most = self.bounds(at)
        if not at.is_refused:
            least, most = [at.sent, *least], [at.received, *most]
        if number > len(most):
            return None
        return Span(least[number - 1] if number <= len(least) else 0, most[number - 1])

    def free_at(self, window: str, at: Answer) -> Span:
        """When the window has room for `at`; 0 where it had."""
        limit = getattr(self.numbers, window)
        if window == "day":
            used = self.used("day", at)
            least = midnight(at.sent) if used.least >= limit else 0
            return Span(least, midnight(at.received) if used.most >= limit else 0)
        blocking = self.nth_newest(limit, at)
        if blocking is None:
            return Span(0, 0)
        return Span(*(moment + ROLLING[window] for moment in blocking))


def since(window: str, moment: int) -> int:
    """What happened after this counts at that moment."""
    if window == "day":
        return moment - moment % DAY - 1
    return moment - ROLLING[window]


def midnight(moment: int) -> int:
    return moment - moment % DAY + DAY


def judge(history: History) -> Iterator[Fault]:
    """All that is certainly wrong in the log of one key, except for its headers."""
    yield from overshoot(history)
    for answer in history.ordered:
        if answer.is_refused:
            yield from _refusal(history, answer)
    yield from _obedience(history)


def overshoot(history: History) -> Iterator[Fault]:
    """More than the limit in a window that begins with one of the admitted."""
    for first in history.admitted:
        for window, limit in history.numbers.items():
            end = first.sent + ROLLING.get(window, midnight(first.sent) - first.sent)
            inside = sum(
                each.sent >= first.sent and each.received < end
                for each in history.admitted
            )
            history.sharpness.full[window] += inside == limit
            if inside > limit:
                yield Fault("overshoot", first, f"{inside} of {limit} in one {window}")


def _refusal(history: History, at: Answer) -> Iterator[Fault]:
    limits = dict(history.numbers.items())
    used = {window: history.used(window, at) for window in limits}
    if all(used[window].most < limit for window, limit in limits.items()):
        yield Fault("refused wrongly", at, f"there was room: {used}")
    free = [history.free_at(window, at) for window in limits]
    least = max(each.least for each in free) - at.received
    most = max(each.most for each in free) - at.sent
    history.sharpness.slack.append(most - least)
    if at.retry_after < least:
        yield Fault("told to wait too short", at, f"{least / SECOND} s were needed")
    if at.retry_after > most + SECOND:
        yield Fault("told to wait too long", at, f"{most / SECOND} s were enough")
    for window, limit in limits.items():
        # A refused HEAD names none: it has no body.
        is_named = at.violated is None or window in at.violated
        if at.violated and is_named and used[window].most < limit:
            yield Fault("violated", at, f"{window} had room")
        if not is_named and used[window].least >= limit:
            yield Fault("violated", at, f"{window} was full and is not named")


def _obedience(history: History) -> Iterator[Fault]:
    """Who waited as told is let in, if nobody else used the key meanwhile."""
    for refusal, after in _neighbours(history.ordered):
        if not refusal.is_refused:
            continue
        waited = after.sent - refusal.received
        others = (
            each is not after
            and each.received > refusal.sent
            and each.sent < after.received
            for each in history.admitted
        )
        if waited < refusal.retry_after or any(others):
            continue
        history.sharpness.obeyed += 1
        if after.is_refused:
            yield Fault("not let in", after, f"after a wait of {waited / SECOND} s")


def _neighbours(ordered: list[Answer]) -> Iterator[tuple[Answer, Answer]]:
    """Each answer with the next one to the same caller."""
    last: dict[str, Answer] = {}
    for answer in ordered:
        if answer.caller in last:
            yield last[answer.caller], answer
        last[answer.caller] = answer
