"""Applications for the clients of Python, and how an ID token is validated."""

from __future__ import annotations

import pytest
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.oauth.live_browser import browsing, register
from tests.oauth.python_clients.flows import ALLOWED, CALLBACK, SECRET_METHODS


@pytest.fixture(autouse=True)
def plain_http_is_allowed(monkeypatch):
    """oauthlib insists on https, also for loopback."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(scope="module")
def account(hammered):
    return hammered.account("netrecon")


@pytest.fixture(scope="module")
def browser(hammered, account):
    with browsing(hammered, account) as browser:
        yield browser


@pytest.fixture(scope="module")
def make(hammered, account):
    """make(type="spa") -> a new application, with its secret if it has one."""

    def made(**wish):
        addresses = [] if wish.get("type") == "machine" else [CALLBACK]
        scopes = ["scans_read"] if wish.get("type") == "machine" else ALLOWED
        return register(
            hammered, account, redirect_uris=addresses, scopes=scopes, **wish
        )

    return made


@pytest.fixture(scope="module")
def web(make):
    return {
        method: make(token_endpoint_auth_method=method) for method in SECRET_METHODS
    }


@pytest.fixture(scope="module")
def metadata(hammered):
    return hammered.send("GET", "/.well-known/openid-configuration").json()


@pytest.fixture
def identify(hammered, metadata):
    """identify(tokens, client_id, nonce) -> the claims of the ID token, validated."""

    def claims(tokens, client_id, nonce=None):
        keys = KeySet.import_key_set(hammered.send("GET", metadata["jwks_uri"]).json())
        named = metadata["id_token_signing_alg_values_supported"]
        token = jwt.decode(tokens["id_token"], keys, algorithms=named)
        options = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": client_id},
            "at_hash": {"essential": True},
        }
        params = {
            "client_id": client_id,
            "nonce": nonce,
            "access_token": tokens["access_token"],
            "max_age": 3600,
        }
        found = CodeIDToken(token.claims, token.header, options, params)
        found.validate()
        return found

    return claims
