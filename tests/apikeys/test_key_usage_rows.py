"""The rows of one key's use are found by the key: not among its organization's."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apikeys.conftest import KEYS
from tests.surfing import surf


@pytest.fixture
def ask(alice, issue, call):
    api_key, key = issue("scans_read", "api_keys_manage")
    call(key)
    addresses = {
        "page": f"/settings/api-keys/{api_key.public_id}",
        "api": f"{KEYS}/{api_key.public_id}/usage",
    }
    browser = surf(alice)

    def asked(where):
        given = {"HTTP_X_API_KEY": key} if where == "api" else {}
        with CaptureQueriesContext(connection) as statements:
            assert browser.get(addresses[where], **given).status_code == 200
            return [each["sql"] for each in statements.captured_queries]

    return asked


@pytest.mark.parametrize("where", ["page", "api"])
def test_they_are_found_by_the_key_alone(ask, where):
    """With the organization as well, SQLite took the index of that, and read the rows
    of a thousand keys for those of one."""
    conditions = [
        sql.partition(" WHERE ")[2]
        for sql in ask(where)
        if '"ratelimits_usage"."day" >= ' in sql
    ]
    assert len(conditions) == 2
    for condition in conditions:
        assert '"ratelimits_usage"."credential" = ' in condition
        assert '"ratelimits_usage"."organization"' not in condition
