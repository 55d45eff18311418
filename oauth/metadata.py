"""What this server can do: one function for both documents (RFC 8414, OpenID Connect
Discovery), and the one about the protected resource (RFC 9728)."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts import dpop
from accounts.products import products
from oauth import assertions, jwts
from oauth.models.applications import (
    AUTH_METHODS,
    GRANT_TYPES,
    ID_TOKEN_ALGORITHMS,
    NO_AUTHENTICATION,
)
from oauth.scopes import IDENTITY

CONFIDENTIAL = [method for method in AUTH_METHODS if method != NO_AUTHENTICATION]
CLAIMS = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "acr",
    "amr",
    "sid",
    "org",
    "org_name",
    "name",
    "email",
    "email_verified",
]


def server_metadata() -> dict[str, Any]:
    """Of the authorization server. The second mount is another door to the same."""
    issuer = settings.PUBLIC_URL
    oauth = f"{issuer}/oauth"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "revocation_endpoint": f"{oauth}/revoke",
        "introspection_endpoint": f"{oauth}/introspect",
        "pushed_authorization_request_endpoint": f"{oauth}/par",
        "device_authorization_endpoint": f"{oauth}/device_authorization",
        "end_session_endpoint": f"{oauth}/logout",
        "service_documentation": f"{issuer}/api/docs",
        "scopes_supported": scopes_supported(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grant_types(),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(assertions.ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(
            assertions.ALGORITHMS
        ),
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": list(
            assertions.ALGORITHMS
        ),
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": list(jwts.STRENGTHS),
        "claim_types_supported": ["normal"],
        "claims_supported": CLAIMS,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def resource_metadata() -> dict[str, Any]:
    """Of our own API as a protected resource (RFC 9728 2)."""
    issuer = settings.PUBLIC_URL
    return {
        "resource": issuer,
        "resource_name": "Doorward",
        "authorization_servers": [issuer],
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": scopes_supported(),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "resource_documentation": f"{issuer}/api/docs",
    }


def grant_types() -> list[str]:
    return sorted({each for types in GRANT_TYPES.values() for each in types})


def scopes_supported() -> list[str]:
    """Never one that implies all the others: some clients ask for everything here."""
    words = dict.fromkeys(IDENTITY)
    for product in products().values():
        words |= dict.fromkeys(
            scope.word for scope in product.scopes.values() if not scope.implies_all
        )
    return list(words)
