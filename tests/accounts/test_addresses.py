"""When two e-mail addresses are the same, and what is one."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as some

from accounts import addresses

# Characters that some way of comparing turns into ASCII letters, and that letter.
LOOK_ALIKES = {
    "\u212a": "k",
    "\u0131": "i",
    "\u0130": "i",
    "\u017f": "s",
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\uff41": "a",
    "\u00aa": "a",
    "\u2139": "i",
    "\U0001d41a": "a",
    "\u037e": ";",
    "\u1fef": "`",
}

TURKISH = ("\u0131", "\u0130")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice@Acme.Test", "alice@acme.test"),
        ("ALICE@ACME.TEST", "aLiCe@aCmE.tEsT"),
        ("\u00c9mile@acme.test", "\u00e9mile@acme.test"),
        ("e\u0301mile@acme.test", "\u00e9mile@acme.test"),
        ("alice@b\u00fccher.test", "alice@bu\u0308cher.test"),
    ],
)
def test_case_and_composition_make_no_difference(one, other):
    assert addresses.fold(one) == addresses.fold(other)


@pytest.mark.parametrize(("character", "letter"), LOOK_ALIKES.items())
def test_a_look_alike_is_another_address(character, letter):
    for around in ("{}@acme.test", "x{}y@acme.test", "x@{}.test", "e\u0301{}@a.test"):
        assert addresses.fold(around.format(character)) != addresses.fold(
            around.format(letter)
        )


@given(some.text())
def test_folding_never_makes_an_ascii_address_of_another(text):
    folded = addresses.fold(text)
    if folded.isascii():
        assert text.isascii()
        assert folded == text.lower()


@given(some.text())
def test_folding_twice_changes_nothing_more(text):
    once = addresses.fold(text)
    assert addresses.fold(once) == once


@pytest.mark.parametrize("character", sorted(set(LOOK_ALIKES) - set(TURKISH)))
def test_a_look_alike_is_not_taken_for_a_new_address(character):
    for address in (f"a{character}b@acme.test", f"a@b{character}.test"):
        with pytest.raises(ValidationError):
            addresses.checked(address)


@pytest.mark.parametrize("character", TURKISH)
def test_a_letter_of_another_alphabet_is_itself(character):
    """Turkish writes both. They are nobody's i, neither stored nor compared as one."""
    address = f"ad{character}m@acme.test"
    assert addresses.checked(address) == address
    assert addresses.fold(address) != addresses.fold("adim@acme.test")


@given(some.emails())
def test_an_address_is_stored_as_it_was_written(address):
    try:
        stored = addresses.checked(address)
    except ValidationError:
        return
    assert stored == unicodedata.normalize("NFC", address)
    assert addresses.fold(stored) == addresses.fold(address)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "alice",
            "alice@",
            "@acme.test",
            "alice@acme",
            "a b@acme.test",
            "a@b@c.d",
        ),
        *(
            "alice@acme.test\n",
            "alice@acme.test\0",
            "alice@acme..test",
            "alice@-a.test",
        ),
        *("x" * 250 + "@a.test", "alice@" + "x" * 250 + ".test"),
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValidationError):
        addresses.checked(text)


def test_254_characters_are_the_most():
    longest = "@" + ".".join(["x" * 60] * 3) + ".test"
    local = 254 - len(longest)
    assert addresses.checked("a" * local + longest)
    with pytest.raises(ValidationError, match="at most 254"):
        addresses.checked("a" * (local + 1) + longest)
