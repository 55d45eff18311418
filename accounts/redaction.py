"""What must never be repeated: how secrets look, and how to take them out of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

REDACTED = "[redacted]"
MOST_PLAIN, LONGEST_PLAIN = 4096, 200

# Members whose value is a secret whatever it looks like. A word of the first family may
# end a longer name (new_password, csrf_token); the second are too common for that.
LONG = "pass(?:word|wd|phrase)[0-9]?|secret(?:[_-]key)?|token|assertion|credential"
SHORT = (
    "(?:totp_|auth_|user_|device_|recovery_)?codes?|code_verifier|otp|sessionid"
    "|(?:(?:api|private|signing|encryption)[_-]?)?key"
)
HEADER = "(?:proxy[_-])?authorization|x[_-]api[_-]key|(?:set[_-])?cookie"
# Between a name and its value: JSON, Python's repr, forms, and forms inside an address.
AFTER_LONG = r"""["'\\\]]*\s*(?:[:=]|%3d)\s*"""
AFTER_SHORT = r"""(?:["'\\]+\s*:|\s*=|%3d)\s*"""
KINDS = "live|test|oat|ort|ocs|rt"
NOTHING = "(?!)"

QUOTED = r"""b?(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)"""
# A quote that is itself escaped ends at the next one that is escaped just as often.
ESCAPED = r"""(?P<quote>\\+["']).*?(?:(?<!\\)(?P=quote)|\Z)"""
LIST = rf"""[\[(]\s*{QUOTED}(?:\s*,\s*{QUOTED})*"""
BARE = r"""[^\s&"'<>]+"""
DONE = re.escape(REDACTED)
KEPT = ("scheme", "header", "pair", "member", "user")

SECRET_NAME = re.compile(rf".*(?:{LONG})|{SHORT}|(?:.*_)?(?:{HEADER})", re.ASCII)
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")


def full_pattern(prefixes: str) -> re.Pattern[str]:
    """Everything in one pattern, so that a text is walked through once."""
    member = rf"(?:{LONG}){AFTER_LONG}|(?<![a-z0-9_-])(?:{SHORT}){AFTER_SHORT}"
    parts = (
        r"otpauth(?:-migration)?://[^\s\"'<>]*",
        rf"(?:{prefixes})[A-Za-z0-9_-]{{8,}}",
        rf"[a-z]{{2,8}}_(?:{KINDS})_[0-9a-f]{{8,}}",
        r"(?-i:eyJ)[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*",
        r"(?P<scheme>(?:bearer|basic|dpop)\s+)[A-Za-z0-9._~+/=-]{16,}",
        # A header's value reaches to the end of its line, in a pair to its quote.
        rf"(?P<header>(?:{HEADER})[\"']?\s*[:=]\s*)(?:{QUOTED}|[^\r\n]+)",
        rf"(?P<pair>(?:{HEADER})[\"']\s*,\s*){QUOTED}",
        rf"(?P<member>{member})(?:{DONE}|{LIST}|{QUOTED}|{ESCAPED}|{BARE})",
        r"(?P<user>://[^\s/:@]{0,256}:)[^\s/@]+(?=@)",
    )
    return re.compile("|".join(parts), re.IGNORECASE | re.ASCII | re.DOTALL)


def hint_pattern(prefixes: str) -> re.Pattern[str]:
    """Finds nothing in a text without secrets, and is quick about it.

    It is matched against the lower-case text, and each branch begins with a plain
    letter: Python finds candidates for such a pattern about ten times as fast.
    """
    ends = {
        AFTER_LONG: "password passwd passphrase secret token assertion credential",
        f"[0-9]{AFTER_LONG}": "password passwd passphrase",
        f"[_-]key{AFTER_LONG}": "secret",
        AFTER_SHORT: "code codes verifier otp sessionid key",
        r"[\"']?\s*[:=,]": "authorization api_key api-key cookie",
        r"\s": "bearer basic dpop",
        "": "otpauth eyj",
        "_[0-9a-f]": " ".join(f"_{kind}" for kind in KINDS.split("|")),
        r"[^\s/]*@": "://",
    }
    parts = [word + end for end, words in ends.items() for word in words.split()]
    return re.compile("|".join([*parts, prefixes]), re.ASCII)


class Patterns:
    """The two compiled patterns; `learn` replaces them when the products are known.

    `plain`: texts that held no secret. Most lines of a log are the same few.
    """

    full = full_pattern(NOTHING)
    hint = hint_pattern(NOTHING)
    plain: set[str] = set()


def learn(prefixes: Iterable[str]) -> None:
    """Know these prefixes of keys and tokens too, beside the general looks."""
    words = "|".join(sorted({re.escape(prefix.lower()) for prefix in prefixes}))
    Patterns.full = full_pattern(words or NOTHING)
    Patterns.hint = hint_pattern(words or NOTHING)
    Patterns.plain.clear()


def redact(text: str) -> str:
    """The text with everything that looks like a secret replaced by "[redacted]"."""
    if text in Patterns.plain:
        return text
    if Patterns.hint.search(text.lower()) is not None:
        return Patterns.full.sub(_replacement, text)
    if len(Patterns.plain) >= MOST_PLAIN:
        Patterns.plain.clear()
    if len(text) <= LONGEST_PLAIN:
        Patterns.plain.add(text)
    return text


def _replacement(match: re.Match[str]) -> str:
    return "".join(match[name] or "" for name in KEPT) + REDACTED


@lru_cache(maxsize=1024)
def names_secret(name: str) -> bool:
    """Whether the value of a member with this name is a secret, however it looks."""
    return SECRET_NAME.fullmatch(name.lower()) is not None


def shown(name: str) -> str:
    """A member's name that a caller chose, where it is safe to repeat in an answer."""
    if PLAIN_NAME.fullmatch(name) and redact(name) == name:
        return name
    return "(a name not repeated here)"
