"""What a User-Agent header tells people: which browser, on which system."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

# The first that is found counts: every browser also names those that it copies.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
# RFC 9110 10.1.5: a product, with or without its version.
PROGRAM = re.compile(r"[A-Za-z0-9._+-]{1,40}(/[A-Za-z0-9._+-]{1,20})?")


def in_words(text: str) -> str:
    """ "Firefox on Linux"; for a program its own name, such as "curl/8.5"."""
    browser, system = _first(BROWSERS, text), _first(SYSTEMS, text)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    program = PROGRAM.match(text)
    return browser or (program[0] if program else _("Unknown program"))


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in table if mark in text), "")
