"""Where the guides lie beside the project: their facts and ours, word for word."""

import re

import pytest

from accounts.products import products
from tests.guide_samples import lines, with_guides


@with_guides
def test_the_scopes_are_the_guides_word_for_word():
    rows = [re.fullmatch(r"(\w+) \| (.+) \|", line) for line in lines("netrecon")]
    listed = {row[1]: row[2] for row in rows if row}
    assert len(listed) == 14
    scopes = products()["netrecon"].scopes
    assert {word: scope.description for word, scope in scopes.items()} == listed
    sentence = re.compile(r".* scopes you need: (.+)\.")
    four = next(found for found in map(sentence.fullmatch, lines("netallion")) if found)
    assert list(products()["netallion"].scopes) == four[1].split(", ")


@with_guides
@pytest.mark.parametrize("product", ["netrecon", "netallion"])
def test_the_plans_are_the_guides_table(product):
    row = re.compile(r"([A-Z]\w+?)([\d,]+) req/min([\d,]+) req/s(.+)")
    rows = [found for found in map(row.fullmatch, lines("netallion")) if found]
    table = {
        found[1]: tuple(
            int(re.sub(r"\D", "", text) or 0) for text in found.groups()[1:]
        )
        for found in rows
    }
    plans = products()[product].plans.values()
    assert len(table) == 3
    assert table == {
        plan.name: (plan.limits.per_minute, plan.limits.burst, plan.limits.daily or 0)
        for plan in plans
    }


@with_guides
def test_the_words_of_the_pages_are_the_guides_words():
    for slug, product in products().items():
        text = "\n".join(lines(slug))
        assert f"Click {product.words.create_key}" in text
        assert re.search(rf"\b{product.words.scopes}\b", text)
        assert product.live_prefix in text
        assert f"{product.sample_header}: " in text
    words, netallion = products()["netallion"].words, "\n".join(lines("netallion"))
    assert f"cpf_live_ ({words.live}) or cpf_test_ ({words.test})" in netallion
