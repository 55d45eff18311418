"""Operators look at usage in the admin, and change none of it."""

import pytest

from accounts.models import User
from ratelimits import usage
from ratelimits.models import Usage

pytestmark = pytest.mark.usefixtures("in_the_demo")

TABLE = "/admin/ratelimits/usage/"


@pytest.fixture
def operator(alice, browse, issue, call):
    """Her browser, with one request of a key counted."""
    User.objects.filter(pk=alice.user.pk).update(is_staff=True, is_superuser=True)
    call(issue("scans_read")[1])
    usage.recorder.flush()
    browser = browse()
    browser.log_in(alice)
    return browser


def test_an_operator_finds_a_credential_by_its_id(operator):
    row = Usage.objects.of_credentials().get()
    assert row.credential in operator.read(TABLE)
    assert row.credential in operator.read(f"{TABLE}?q={row.credential}")
    assert row.credential not in operator.read(f"{TABLE}?q=key_0")


def test_nobody_changes_what_was_counted(operator):
    row = Usage.objects.of_credentials().get()
    page = operator.read(f"{TABLE}{row.pk}/change/")
    assert "GET /api/v1/scans" in page
    assert 'name="_save"' not in page
    for action in ("add/", f"{row.pk}/delete/"):
        assert operator.get(TABLE + action).status_code == 403
