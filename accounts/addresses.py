"""E-mail addresses: what is one, and when two are the same."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MOST_CHARACTERS = 254


def fold(address: str) -> str:
    """The form in which addresses are compared: composed, and lower case.

    Folding never turns another character into an ASCII one: the Kelvin sign, the
    dotless i and the ligature ff stay what they are, so a look-alike is nobody's
    address.
    """
    composed = unicodedata.normalize("NFC", address)
    if _ascii_count(composed) > _ascii_count(address):
        composed = address
    return "".join(_lower(character) for character in composed)


def checked(address: str) -> str:
    """The address as it will be stored. Raises ValidationError with what to do."""
    if len(address) > MOST_CHARACTERS:
        raise ValidationError(
            f"Use an address of at most {MOST_CHARACTERS} characters."
        )
    if unicodedata.normalize("NFKC", address) != unicodedata.normalize("NFC", address):
        raise ValidationError("Write the address without look-alike characters.")
    validate_email(address)
    return unicodedata.normalize("NFC", address)


def _ascii_count(text: str) -> int:
    return sum(character.isascii() for character in text)


def _lower(character: str) -> str:
    lowered = character.lower()
    return lowered if character.isascii() or not _ascii_count(lowered) else character
