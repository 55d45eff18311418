"""Authlib, unchanged, against a live server."""

from __future__ import annotations

import warnings
from contextlib import closing

import pytest
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as AuthlibRequests
from authlib.oauth2 import rfc8414, rfc9101, rfc9207
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc import discovery, rpinitiated
from authlib.oidc.core import UserInfo
from joserfc.jwk import ECKey, RSAKey

from tests.live import bearer
from tests.oauth.python_clients.flows import (
    CALLBACK,
    REAL,
    SCOPE,
    SECRET_METHODS,
    every_mount,
    with_and_without_pkce,
)

with warnings.catch_warnings():
    # Authlib would rather have httpx2, which nothing else here needs.
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import OAuth2Client as AuthlibHttpx

pytestmark = REAL

DOCUMENTS = {
    "openid-configuration": discovery.OpenIDProviderMetadata,
    "oauth-authorization-server": rfc8414.AuthorizationServerMetadata,
}
EXTENSIONS = [
    rfc9101.AuthorizationServerMetadata,
    rfc9207.AuthorizationServerMetadata,
    rpinitiated.OpenIDProviderMetadata,
]


def opened(live, access_token):
    """The status of an API call with a token."""
    return live.send("GET", "/api/v1/scans", headers=bearer(access_token)).status_code


@pytest.mark.parametrize("name", DOCUMENTS)
def test_authlib_finds_both_documents_valid(hammered, metadata, name):
    document = hammered.send("GET", f"/.well-known/{name}").json()
    DOCUMENTS[name](document).validate(metadata_classes=EXTENSIONS)
    assert document == metadata


@pytest.mark.parametrize("method", SECRET_METHODS)
@with_and_without_pkce
@every_mount
@pytest.mark.parametrize("library", [AuthlibRequests, AuthlibHttpx])
def test_authlib_signs_in_and_refreshes(
    hammered, browser, web, identify, library, mount, pkce, method
):
    start = hammered.url + mount
    client = library(
        web[method]["client_id"],
        web[method]["client_secret"],
        token_endpoint_auth_method=method,
        token_endpoint=f"{start}/token",
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method=pkce,
    )
    nonce, verifier = generate_token(), generate_token(48) if pkce else None
    address, state = client.create_authorization_url(
        f"{start}/authorize", nonce=nonce, code_verifier=verifier
    )
    more = {"code_verifier": verifier} if pkce else {}
    with closing(client):
        tokens = client.fetch_token(
            authorization_response=browser.visit(address), state=state, **more
        )
        claims = identify(tokens, web[method]["client_id"], nonce)
        told = UserInfo(client.get(f"{start}/userinfo").json())
        assert (told.sub, told.email) == (claims["sub"], browser.account["email"])
        new = client.refresh_token()
        assert new["refresh_token"] != tokens["refresh_token"]
        assert client.get(f"{hammered.url}/api/v1/scans").status_code == 200
        # A new ID token is about the same sign-in (OpenID Connect Core 12.2).
        assert identify(new, web[method]["client_id"])["sid"] == claims["sid"]


@every_mount
def test_authlib_introspects_and_revokes(hammered, browser, web, mount):
    application, start = web["client_secret_basic"], hammered.url + mount
    client = AuthlibRequests(
        application["client_id"],
        application["client_secret"],
        token_endpoint=f"{start}/token",
        scope=SCOPE,
        redirect_uri=CALLBACK,
    )
    address, state = client.create_authorization_url(f"{start}/authorize")
    tokens = client.fetch_token(
        authorization_response=browser.visit(address), state=state
    )

    def told(name):
        return client.introspect_token(
            f"{start}/introspect", token=tokens[name], token_type_hint=name
        ).json()

    with closing(client):
        access, refresh = told("access_token"), told("refresh_token")
        assert access["token_type"] == "Bearer"
        assert refresh["token_type"] == "refresh_token"
        assert access["scope"] == refresh["scope"] == SCOPE
        assert access["sub"] == refresh["sub"]
        for name in ("access_token", "refresh_token"):
            assert told(name)["active"]
            answer = client.revoke_token(
                f"{start}/revoke", token=tokens[name], token_type_hint=name
            )
            assert answer.status_code == 200
            assert told(name) == {"active": False}
    assert opened(hammered, tokens["access_token"]) == 401


@every_mount
def test_authlib_signs_in_to_a_public_client(hammered, browser, make, identify, mount):
    application, start = make(type="spa"), hammered.url + mount
    client = AuthlibHttpx(
        application["client_id"],
        token_endpoint_auth_method="none",
        token_endpoint=f"{start}/token",
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    )
    nonce, verifier = generate_token(), generate_token(48)
    address, state = client.create_authorization_url(
        f"{start}/authorize", nonce=nonce, code_verifier=verifier
    )
    with closing(client):
        tokens = client.fetch_token(
            authorization_response=browser.visit(address),
            state=state,
            code_verifier=verifier,
        )
        identify(tokens, application["client_id"], nonce)
        client.refresh_token()
        last = client.token
        answer = client.revoke_token(f"{start}/revoke", token=last["refresh_token"])
        assert answer.status_code == 200
    assert opened(hammered, last["access_token"]) == 401


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@every_mount
def test_authlib_proves_itself_by_a_key(
    hammered, browser, make, identify, mount, algorithm
):
    own = RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key()
    own.ensure_kid()
    application = make(
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [own.as_dict(private=False)]},
        id_token_signed_response_alg=algorithm,
    )
    start = hammered.url + mount
    client = AuthlibRequests(
        application["client_id"],
        own,
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
        token_endpoint=f"{start}/token",
        scope=SCOPE,
        redirect_uri=CALLBACK,
    )
    client.register_client_auth_method(PrivateKeyJWT(alg=algorithm))
    nonce = generate_token()
    address, state = client.create_authorization_url(f"{start}/authorize", nonce=nonce)
    with closing(client):
        tokens = client.fetch_token(
            authorization_response=browser.visit(address), state=state
        )
        claims = identify(tokens, application["client_id"], nonce)
        assert claims.header["alg"] == algorithm
        new = client.refresh_token()
        told = client.introspect_token(f"{start}/introspect", new["access_token"])
        assert told.json()["active"]
        client.revoke_token(f"{start}/revoke", new["refresh_token"])
    assert opened(hammered, new["access_token"]) == 401
