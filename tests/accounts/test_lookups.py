"""Lookups keep their plan: on PostgreSQL the wide join is planned once."""

import pytest
from django.db import connection

from apikeys.authentication import api_keys


@pytest.mark.postgres_only
def test_the_lookup_of_a_key_is_a_statement_that_the_database_keeps(issue):
    text = issue("scans_read")[1]
    api_keys.find(text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [statement for (statement,) in cursor.fetchall()]
    assert [one for one in kept if '"apikeys_apikeysecret"."digest" IN' in one]


def test_what_it_finds_is_what_the_queryset_finds(issue):
    api_key, text = issue("scans_read", metadata={"team": "é"}, tags=("nightly",))
    found = api_keys.find(text)
    assert found is not None
    assert found.id == api_key.public_id
    assert found.rights.granted == ("scans_read",)
