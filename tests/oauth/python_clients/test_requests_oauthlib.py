"""requests-oauthlib, unchanged, against a live server."""

from __future__ import annotations

import pytest
from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.oauth.python_clients.flows import (
    CALLBACK,
    REAL,
    SCOPE,
    every_mount,
    with_and_without_pkce,
)

pytestmark = REAL


@with_and_without_pkce
@every_mount
def test_requests_oauthlib_signs_in(hammered, browser, web, mount, pkce):
    application, start = web["client_secret_basic"], hammered.url + mount
    with OAuth2Session(
        application["client_id"], redirect_uri=CALLBACK, scope=SCOPE, pkce=pkce
    ) as client:
        address, _ = client.authorization_url(f"{start}/authorize")
        tokens = client.fetch_token(
            f"{start}/token",
            authorization_response=browser.visit(address),
            client_secret=application["client_secret"],
        )
        assert tokens["scope"] == SCOPE.split()
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 200
        assert client.get(f"{start}/userinfo").json()["sub"]


@every_mount
def test_requests_oauthlib_signs_in_by_its_secret_in_the_body(
    hammered, browser, web, mount
):
    application, start = web["client_secret_post"], hammered.url + mount
    with OAuth2Session(
        application["client_id"], redirect_uri=CALLBACK, scope=SCOPE
    ) as client:
        address, _ = client.authorization_url(f"{start}/authorize")
        client.fetch_token(
            f"{start}/token",
            code=code_of(browser.visit(address)),
            client_secret=application["client_secret"],
            include_client_id=True,
        )
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 200


@every_mount
def test_requests_oauthlib_signs_in_to_a_public_client(hammered, browser, make, mount):
    application, start = make(type="native"), hammered.url + mount
    with OAuth2Session(
        application["client_id"], redirect_uri=CALLBACK, scope=SCOPE, pkce="S256"
    ) as client:
        address, _ = client.authorization_url(f"{start}/authorize")
        # It sends Basic with an empty password.
        client.fetch_token(
            f"{start}/token", authorization_response=browser.visit(address)
        )
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 200


@every_mount
def test_requests_oauthlib_refreshes_by_itself(hammered, browser, web, mount):
    application, start = web["client_secret_post"], hammered.url + mount
    proof = {name: application[name] for name in ("client_id", "client_secret")}
    kept = []
    with OAuth2Session(
        application["client_id"],
        redirect_uri=CALLBACK,
        scope=SCOPE,
        auto_refresh_url=f"{start}/token",
        auto_refresh_kwargs=proof,
        token_updater=kept.append,
    ) as client:
        address, _ = client.authorization_url(f"{start}/authorize")
        first = client.fetch_token(
            f"{start}/token",
            authorization_response=browser.visit(address),
            client_secret=application["client_secret"],
        )
        client.token = {**first, "expires_at": 1}
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 200
    assert len(kept) == 1
    assert kept[0]["refresh_token"] != first["refresh_token"]


@every_mount
def test_requests_oauthlib_revokes_and_introspects(hammered, browser, web, mount):
    application, start = web["client_secret_basic"], hammered.url + mount
    proof = HTTPBasicAuth(application["client_id"], application["client_secret"])
    with OAuth2Session(
        application["client_id"], redirect_uri=CALLBACK, scope=SCOPE
    ) as client:
        address, _ = client.authorization_url(f"{start}/authorize")
        tokens = client.fetch_token(
            f"{start}/token",
            authorization_response=browser.visit(address),
            client_secret=application["client_secret"],
        )

        def post(endpoint, token):
            where, headers, body = client._client.prepare_token_revocation_request(
                f"{start}/{endpoint}", token
            )
            return client.post(
                where, data=body, headers=headers, auth=proof, withhold_token=True
            )

        told = post("introspect", tokens["access_token"]).json()
        assert told["active"]
        assert told["client_id"] == application["client_id"]
        assert post("revoke", tokens["refresh_token"]).status_code == 200
        assert post("introspect", tokens["access_token"]).json() == {"active": False}
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 401


@every_mount
def test_requests_oauthlib_gets_a_token_of_the_application_itself(
    hammered, make, mount
):
    application, start = make(type="machine"), hammered.url + mount
    itself = BackendApplicationClient(application["client_id"], scope="scans_read")
    with OAuth2Session(client=itself) as client:
        tokens = client.fetch_token(
            f"{start}/token", client_secret=application["client_secret"]
        )
        assert "refresh_token" not in tokens
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 200
        client.token = {**tokens, "expires_at": 1}
        with pytest.raises(TokenExpiredError):
            client.get(f"{hammered.url}/api/v1/scans")


def code_of(address):
    """The code in an address that leads back to an application."""
    query = address.partition("?")[2]
    return dict(pair.split("=") for pair in query.split("&"))["code"]
