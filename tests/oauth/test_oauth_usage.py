"""Tokens are counted where the limiter counts them: by consent, or by application."""

import pytest

from accounts.usage import names_of
from oauth.models import AccessToken, Consent
from ratelimits import usage
from ratelimits.models import Usage
from tests.oauth.conftest import Browser, register
from tests.oauth.flows import scans

pytestmark = pytest.mark.django_db


def counted():
    usage.recorder.flush()
    found = Usage.objects.of_credentials()
    return {row.credential: (row.kind, row.requests, row.refused) for row in found}


def test_a_token_of_a_person_counts_for_the_consent(alice):
    app = register(alice, scopes=["scans_read"])
    tokens = Browser(alice).sign_in().tokens(app, scope="scans_read")
    assert scans(tokens["access_token"]).status_code == 200
    [consent] = Consent.objects.all()
    assert counted() == {consent.public_id: ("oauth", 1, 0)}
    Consent.objects.all().withdraw("other")
    assert scans(tokens["access_token"]).status_code == 401
    assert counted() == {consent.public_id: ("oauth", 2, 1)}
    [total] = Usage.objects.of_organizations()
    assert total.credential == alice.organization.public_id


def test_a_token_of_an_application_counts_for_the_application(alice):
    app = register(alice, type="machine", redirect_uris="", scopes=["scans_read"])
    wish = {"grant_type": "client_credentials", "scope": "scans_read"}
    token = app.token(**wish).json()["access_token"]
    assert scans(token).status_code == 200
    app.row.is_active = False
    app.row.save()
    assert scans(token).status_code == 401
    assert counted() == {app.row.public_id: ("oauth", 2, 1)}


def test_names_come_from_the_application_whatever_the_id_names(
    alice, django_assert_num_queries
):
    app = register(alice, scopes=["scans_read"])
    Browser(alice).sign_in().tokens(app, scope="scans_read")
    ids = [
        AccessToken.objects.get().public_id,
        Consent.objects.get().public_id,
        app.row.public_id,
    ]
    wanted = [{"credential": text, "kind": "oauth"} for text in (*ids, "grt_gone")]
    wanted.pop()
    with django_assert_num_queries(3):
        assert names_of(wanted) == dict.fromkeys(ids, app.row.name)
