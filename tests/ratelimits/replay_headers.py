"""The judge of rate limits, second part: whether every answer told the truth."""

import re
from collections.abc import Iterator

from tests.ratelimits.replay import SECOND, Answer, Fault, History, midnight

NAMES = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit",
    "ratelimit-policy",
)
ITEM = re.compile(r'"(burst|minute|day)";r=(\d+);t=(\d+)')

Quotas = dict[str, tuple[int, int]]


def judge_headers(history: History) -> Iterator[Fault]:
    """All that is certainly untrue in the headers of one key's answers."""
    for answer in history.ordered:
        missing = [name for name in NAMES if not answer.headers.get(name)]
        if answer.is_refused and answer.retry_after < SECOND:
            missing.append("retry-after")
        if missing:
            yield Fault("header missing", answer, ", ".join(missing))
            continue
        if not answer.is_refused and "retry-after" in answer.headers:
            yield Fault("header too many", answer, "retry-after")
        quotas = _quotas(answer.headers["ratelimit"])
        yield from _policy(history, answer)
        yield from _counts(history, answer, quotas)
        tell = _told_to_refused if answer.is_refused else _told_to_admitted
        yield from tell(history, answer, quotas)


def _quotas(text: str) -> Quotas:
    """Each window's `r` and `t`; nothing where it is not written as it should be."""
    items = [ITEM.fullmatch(part) for part in text.split(", ")]
    return {found[1]: (int(found[2]), int(found[3])) for found in items if found}


def _policy(history: History, answer: Answer) -> Iterator[Fault]:
    seconds = {"burst": 1, "minute": 60, "day": 86_400}
    expected = ", ".join(
        f'"{window}";q={limit};w={seconds[window]}'
        for window, limit in history.numbers.items()
    )
    if answer.headers["ratelimit-policy"] != expected:
        yield Fault("policy", answer, f"{expected} holds")


def _counts(history: History, at: Answer, quotas: Quotas) -> Iterator[Fault]:
    """`r` of minute and day against the log."""
    if not {"minute", "day"} <= quotas.keys():
        yield Fault("remaining", at, f"not told: {at.headers['ratelimit']}")
        return
    own = 0 if at.is_refused else 1
    for window in ("minute", "day"):
        limit = getattr(history.numbers, window)
        used = history.used(window, at)
        left = quotas[window][0]
        history.sharpness.counted += 1
        history.sharpness.pinned += used.least == used.most
        if not limit - used.most - own <= left <= limit - used.least - own:
            yield Fault("remaining", at, f"{window}: {left}, others {used} of {limit}")


def _told_to_admitted(history: History, at: Answer, quotas: Quotas) -> Iterator[Fault]:
    """X-RateLimit-*: the minute, or the day once it has less left or nothing."""
    limit, remaining, reset = _triple(at)
    left, today = (quotas.get(name, (-1, 0))[0] for name in ("minute", "day"))
    window = "day" if today < left or today == 0 else "minute"
    told = (getattr(history.numbers, window), quotas.get(window, (-1,))[0])
    if (limit, remaining) != told:
        yield Fault("limit", at, f"{window} has less left: {quotas}")
        return
    if window == "day":
        free = {midnight(at.sent), midnight(at.received)}
        if reset not in free:
            yield Fault("reset", at, "the day ends at midnight")
    else:
        yield from _more_in_minute(history, at, reset)
    yield from _agree(at, reset, quotas[window][1] * SECOND)


def _more_in_minute(history: History, at: Answer, reset: int) -> Iterator[Fault]:
    """Reset is when the oldest that counts will be a minute old."""
    used = history.numbers.minute - int(at.headers["x-ratelimit-remaining"])
    oldest = history.nth_newest(used, at)
    minute = 60 * SECOND
    if oldest is None:
        yield Fault("reset", at, f"there are no {used} requests")
    elif not oldest.least + minute <= reset <= oldest.most + minute + SECOND:
        yield Fault("reset", at, f"the oldest came at {oldest}")


def _told_to_refused(history: History, at: Answer, quotas: Quotas) -> Iterator[Fault]:
    """X-RateLimit-*: the window that makes the caller wait longest, nothing left."""
    limit, remaining, reset = _triple(at)
    limits = dict(history.numbers.items())
    free = {name: history.free_at(name, at) for name in limits}
    named = [name for name, number in limits.items() if number == limit]
    longest = max(span.least for span in free.values())
    if not any(free[name].most >= longest and free[name].most for name in named):
        yield Fault("limit", at, f"{limit} is not of the window with the longest wait")
        return
    if remaining or any(quotas.get(name, (0, 0))[0] for name in at.violated or named):
        yield Fault("remaining", at, "of a refusal is 0")
    most = max(span.most for span in free.values())
    if not longest <= reset <= most + SECOND:
        yield Fault("reset", at, f"there was room between {longest} and {most}")
    yield from _agree(at, reset, at.retry_after)
    if named[0] in quotas and abs(quotas[named[0]][1] * SECOND - at.retry_after):
        yield Fault("ratelimit", at, "its t is not Retry-After")


def _agree(at: Answer, reset: int, wait: int) -> Iterator[Fault]:
    """Both were rounded up to whole seconds from one moment."""
    if not at.sent - SECOND < reset - wait < at.received + SECOND:
        yield Fault("reset", at, f"in {wait // SECOND} s it is not {reset // SECOND}")


def _triple(at: Answer) -> tuple[int, int, int]:
    limit, remaining, reset = (int(at.headers[name]) for name in NAMES[:3])
    return limit, remaining, reset * SECOND
