"""What a key looks like: the guides' format, the last 8 characters a checksum."""

import re
import zlib

import pytest

from accounts.products import ENVIRONMENTS, products
from apikeys import keys

PREFIXES = ["nr_live_", "nr_test_", "cpf_live_", "cpf_test_"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_key_is_its_prefix_and_48_hex_characters(prefix):
    assert re.fullmatch(rf"{prefix}[0-9a-f]{{48}}", keys.make(prefix))


def test_every_environment_of_both_products_has_its_own_prefix():
    found = [
        product.key_prefix(environment)
        for product in products().values()
        for environment in ENVIRONMENTS
    ]
    assert sorted(found) == sorted(PREFIXES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_last_8_characters_are_the_crc_32_of_all_before(prefix):
    key = keys.make(prefix)
    assert key[-8:] == f"{zlib.crc32(key[:-8].encode()):08x}"
    assert keys.well_formed(key)


def test_a_checksum_keeps_its_leading_zeros():
    bodies = (f"nr_live_{number:040x}" for number in range(10_000))
    body = next(body for body in bodies if zlib.crc32(body.encode()) < 1 << 24)
    assert keys.well_formed(f"{body}{zlib.crc32(body.encode()):08x}")


def test_160_bits_of_every_key_are_random():
    made = {keys.make("nr_live_")[8:48] for _ in range(500)}
    assert len(made) == 500
    for place in range(40):
        assert len({body[place] for body in made}) == 16


def test_every_single_mistyped_character_is_told():
    key = keys.make("nr_live_")
    for place in range(len("nr_live_"), len(key)):
        for character in "0123456789abcdef".replace(key[place], ""):
            assert not keys.well_formed(key[:place] + character + key[place + 1 :])


def test_two_neighbours_that_change_places_are_told():
    key = keys.make("cpf_test_")
    for place in range(len("cpf_test_"), len(key) - 1):
        swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
        assert swapped == key or not keys.well_formed(swapped)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key + "\n",
        lambda key: " " + key,
        lambda key: key.upper(),
        lambda key: key.replace("live", "test"),
        lambda key: key.replace("nr_", "cpf_"),
        lambda key: key.replace("nr_live_", ""),
        lambda key: key.replace("nr_live_", "nr_oat_"),
        lambda key: key[:-8] + "　" * 8,
        lambda key: key[:20] + "é" + key[21:],
        lambda key: "",
        lambda key: "nr_live_",
    ],
)
def test_what_is_not_exactly_a_key_is_told_without_a_query(spoil):
    assert not keys.well_formed(spoil(keys.make("nr_live_")))


def test_a_body_in_upper_case_is_no_key_although_its_checksum_fits():
    body = "nr_live_" + "AB" * 20
    assert not keys.well_formed(body + f"{zlib.crc32(body.encode()):08x}")


def test_a_checksum_of_another_prefix_does_not_fit():
    key = keys.make("nr_live_")
    moved = "nr_test_" + key.removeprefix("nr_live_")
    assert not keys.well_formed(moved)


def test_a_key_is_recognised_by_its_prefix_alone():
    assert keys.prefix_of("cpf_live_x") == "cpf_live_"
    assert keys.prefix_of("CPF_LIVE_x") is None
    assert keys.prefix_of("cpf_rt_x") is None
    assert keys.prefix_of("") is None


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_hint_shows_four_characters_of_each_end(prefix):
    key = keys.make(prefix)
    body = key.removeprefix(prefix)
    assert keys.hint(key) == f"{prefix}{body[:4]}…{body[-4:]}"
