"""Code ready to be pasted, as a page shows it: one tab for each language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """One tab. `slug` names it in the page; `has_secret`: a secret stands in it."""

    slug: str
    name: str
    text: str
    has_secret: bool = False
