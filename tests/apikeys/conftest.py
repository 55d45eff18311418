"""What the tests of keys share."""

from dataclasses import replace
from itertools import count

import pytest

from tests.accounts.conftest import crowd as crowd
from tests.accounts.conftest import file_database as file_database
from tests.cast import send

KEYS = "/api/v1/api-keys"


@pytest.fixture
def ask(alice):
    """ask(who, scopes=[...], owner="me") -> the answer to a wish for a key.

    `who` is a person or the text of a key; without one it is alice. Names are numbered.
    """
    numbers = count(1)

    def make(who=None, **wish):
        usual = {"name": f"Asked {next(numbers)}", "scopes": ["scans_read"]}
        return through(who or alice, "POST", KEYS, {**usual, **wish})

    return make


def through(who, method, path, body=None):
    """A call by a person, or with the text of a key."""
    if isinstance(who, str):
        return send(method, path, body, X_API_KEY=who)
    return who.call(method, path, body)


@pytest.fixture
def refused():
    """refused(answer, status, code) -> its body, after the check."""

    def check(answer, status, code):
        told = answer.status_code, answer.json().get("code")
        assert told == (status, code), answer.content
        return answer.json()

    return check


@pytest.fixture
def most(alice, settings):
    """most(3): alice's plan holds three keys."""

    def allow(number):
        product = alice.organization.product
        plan = replace(alice.organization.plan, most_keys=number)
        changed = replace(product, plans={**product.plans, plan.slug: plan})
        settings.PRODUCTS = {**settings.PRODUCTS, product.slug: changed}

    return allow
