"""A code is six ASCII digits and nothing else: no second spelling, no second life."""

import pytest

SPELLINGS = {
    "space before": " {0}",
    "space after": "{0} ",
    "newline after": "{0}\n",
    "carriage return": "{0}\r",
    "tab before": "\t{0}",
    "no-break space": "\u00a0{0}",
    "zero-width space": "{0}\u200b",
    "plus": "+{0}",
    "minus": "-{0}",
    "leading zero": "0{0}",
    "trailing zero": "{0}0",
    "point zero": "{0}.0",
    "exponent": "{0}e0",
    "dot": "{0}.",
    "hexadecimal": "0x{0}",
}


def grouped(separator):
    return lambda code: code[:3] + separator + code[3:]


def in_digits_from(zero):
    return lambda code: "".join(chr(ord(zero) + int(digit)) for digit in code)


WRITERS = {name: text.format for name, text in SPELLINGS.items()} | {
    "underscore": grouped("_"),
    "hyphen": grouped("-"),
    "inner space": grouped(" "),
    "inner newline": grouped("\n"),
    "full width": in_digits_from("\uff10"),
    "Arabic-Indic": in_digits_from("\u0660"),
    "Devanagari": in_digits_from("\u0966"),
    "mathematical bold": in_digits_from("\U0001d7ce"),
    "superscript": lambda code: code[:5] + "\u00b2",
    "five digits": lambda code: code[:5],
    "twice": lambda code: code * 2,
}


@pytest.fixture(autouse=True)
def _no_brake(settings):
    """So many wrong codes would be refused for their number."""
    settings.BRAKES = {"account": (1000, 900), "address": (1000, 900)}


def statuses_of_all_spellings(person, code):
    return {
        name: person.log_in(totp_code=write(code)).status_code
        for name, write in WRITERS.items()
    }


def test_other_spellings_of_a_right_code_are_refused(alice, enrol):
    app = enrol(alice)
    refused = statuses_of_all_spellings(alice, app.code())
    assert set(refused.values()) <= {400, 401}, refused
    assert alice.log_in(totp_code=app.code()).status_code == 200


def test_a_used_code_is_dead_in_every_spelling(alice, enrol):
    app = enrol(alice)
    assert alice.log_in(totp_code=app.code()).status_code == 200
    refused = statuses_of_all_spellings(alice, app.code())
    assert set(refused.values()) <= {400, 401}, refused


def test_leading_zeros_belong_to_the_code(alice, enrol, clock):
    app = enrol(alice)
    step = next(step for step in range(1, 10_000) if app.code(step).startswith("0"))
    clock.shift(step * 30)
    alice.sign_in()
    assert alice.log_in(totp_code=app.code().lstrip("0")).status_code == 401
    assert alice.log_in(totp_code=app.code()).status_code == 200


def test_the_page_takes_out_the_space_that_people_type(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    assert browser.log_in(alice)["Location"] == "/login/code"
    typed = f" {app.code()[:3]} {app.code()[3:]} "
    answer = browser.fill_in("/login/code", totp_code=typed)
    assert (answer.status_code, answer["Location"]) == (302, "/")
