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
    if not any(_looks_ascii(character) for character in address):
        address = unicodedata.normalize("NFC", address)
    return "".join(_lower(character) for character in address)


def checked(address: str) -> str:
    """The address as it will be stored. Raises ValidationError with what to do."""
    if len(address) > MOST_CHARACTERS:
        raise ValidationError(
            f"Use an address of at most {MOST_CHARACTERS} characters."
        )
    composed = unicodedata.normalize("NFC", address)
    is_look_alike = any(_looks_ascii(character) for character in address)
    if is_look_alike or unicodedata.normalize("NFKC", address) != composed:
        raise ValidationError("Write the address without look-alike characters.")
    validate_email(composed)
    return composed


def _looks_ascii(character: str) -> bool:
    """Whether composing makes it an ASCII character, as it does the Kelvin sign."""
    composed = unicodedata.normalize("NFC", character)
    return not character.isascii() and _has_ascii(composed)


def _lower(character: str) -> str:
    lowered = character.lower()
    return lowered if character.isascii() or not _has_ascii(lowered) else character


def _has_ascii(text: str) -> bool:
    return any(character.isascii() for character in text)
