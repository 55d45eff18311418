"""Digests lie under numbered peppers, so that a pepper can be replaced."""

import secrets

import pytest

from apikeys.models import ApiKeySecret


@pytest.fixture
def peppers(settings):
    """peppers(1, 2): these numbers are configured, each with the same bytes always."""
    known = {}

    def configure(*numbers):
        for number in numbers:
            known.setdefault(number, secrets.token_bytes(32))
        settings.PEPPERS = {number: known[number] for number in numbers}

    return configure


def test_a_key_of_an_older_pepper_is_still_good(peppers, issue, call):
    peppers(1)
    old = issue("scans_read")[1]
    peppers(1, 2)
    new = issue("scans_read")[1]
    assert [call(key).status_code for key in (old, new)] == [200, 200]


def test_a_new_key_lies_under_the_newest_pepper(peppers, issue):
    peppers(3, 11)
    issue("scans_read")
    assert ApiKeySecret.objects.get().pepper == 11


def test_the_order_in_which_peppers_are_named_does_not_matter(peppers, issue, call):
    peppers(2, 1)
    key = issue("scans_read")[1]
    peppers(1, 2)
    assert call(key).status_code == 200
    assert ApiKeySecret.objects.get().pepper == 2


def test_a_key_of_a_pepper_that_is_gone_is_unknown(peppers, issue, call):
    peppers(1)
    key = issue("scans_read")[1]
    peppers(2)
    refused = call(key)
    assert refused.status_code == 401
    assert refused.json()["code"] == "invalid_credential"


def test_a_digest_planted_without_the_pepper_opens_nothing(
    peppers, issue, call, settings
):
    """Who can only write to the database cannot make a key."""
    peppers(1)
    key = issue("scans_read")[1]
    settings.PEPPERS = {1: b"\0" * 32}
    planted = issue("scans_read")[1]
    peppers(1)
    assert call(planted).status_code == 401
    assert call(key).status_code == 200


def test_two_peppers_still_cost_one_query(
    peppers, issue, call, django_assert_num_queries
):
    peppers(1, 2, 3)
    key = issue("scans_read")[1]
    with django_assert_num_queries(1):
        assert call(key, "GET", "/api/v1/auth/whoami").status_code == 200
