"""Authlib and requests-oauthlib, unchanged, against a live server."""

from __future__ import annotations

import warnings
from contextlib import closing

import pytest
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as AuthlibRequests
from authlib.oauth2 import rfc8414, rfc9101, rfc9207
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc import discovery, rpinitiated
from authlib.oidc.core import CodeIDToken, UserInfo
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.live import bearer
from tests.oauth.conftest import MOUNTS
from tests.oauth.live_browser import browsing, register

with warnings.catch_warnings():
    # Authlib would rather have httpx2, which nothing else here needs.
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import OAuth2Client as AuthlibHttpx

# A real server and real clients.
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.sqlite_only]

CALLBACK = "https://app.example.com/callback"
SCOPE = "openid profile email scans_read"
ALLOWED = [*SCOPE.split(), "scans_write"]
DOCUMENTS = {
    "openid-configuration": discovery.OpenIDProviderMetadata,
    "oauth-authorization-server": rfc8414.AuthorizationServerMetadata,
}
EXTENSIONS = [
    rfc9101.AuthorizationServerMetadata,
    rfc9207.AuthorizationServerMetadata,
    rpinitiated.OpenIDProviderMetadata,
]
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
every_mount = pytest.mark.parametrize("mount", MOUNTS)
with_and_without_pkce = pytest.mark.parametrize("pkce", ["S256", None])


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


def opened(live, access_token):
    """The status of an API call with a token."""
    return live.send("GET", "/api/v1/scans", headers=bearer(access_token)).status_code


# Authlib


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


# requests-oauthlib


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
