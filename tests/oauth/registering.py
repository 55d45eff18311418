"""How the tests of applications ask for one."""

from __future__ import annotations

import base64

from tests.cast import send

APPLICATIONS = "/api/v1/oauth-applications"
CALLBACK = "https://app.example.com/callback"
USUAL = {
    "web": {"redirect_uris": [CALLBACK]},
    "spa": {"redirect_uris": [CALLBACK]},
    "native": {},
    "machine": {},
}


def ask(who, type="web", **wish):
    """The answer to a person's wish for an application."""
    scope = next(iter(who.organization.product.scopes))
    usual = {"name": "App", "type": type, "scopes": [scope], **USUAL.get(type, {})}
    return who.call("POST", APPLICATIONS, {**usual, **wish})


def made(who, type="web", **wish):
    """The body of a new application."""
    answer = ask(who, type, **wish)
    assert answer.status_code == 201, answer.content
    return answer.json()


def at(application):
    return f"{APPLICATIONS}/{application['id']}"


def change(who, application, **changes):
    return who.call("PATCH", at(application), changes)


def rotate(who, application, **body):
    return who.call("POST", f"{at(application)}/rotate-secret", body)


def refused(answer, status, code):
    """The body of a refusal, after the check."""
    told = answer.status_code, answer.json().get("code")
    assert told == (status, code), answer.content
    return answer.json()


def invalid(answer, field, *words):
    """A 400 that names this field, and says these words of it."""
    body = refused(answer, 400, "invalid_request")
    said = {fault["field"]: fault["detail"] for fault in body["errors"]}
    assert field in said, said
    for word in words:
        assert word in said[field], said


def by_key(key, method, path, body=None):
    return send(method, path, body, X_API_KEY=key)


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def rsa_jwk(key, **members):
    """The public JWK of an RSA key."""
    numbers = key.public_key().public_numbers()
    size = key.key_size // 8
    found = {"n": numbers.n.to_bytes(size, "big"), "e": numbers.e.to_bytes(3, "big")}
    return {"kty": "RSA", **_encoded(found), **members}


def ec_jwk(key, curve="P-256", **members):
    """The public JWK of an elliptic curve key."""
    numbers = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    found = {"x": numbers.x.to_bytes(size, "big"), "y": numbers.y.to_bytes(size, "big")}
    return {"kty": "EC", "crv": curve, **_encoded(found), **members}


def okp_jwk(key, **members):
    """The public JWK of an Ed25519 key."""
    found = {"x": key.public_key().public_bytes_raw()}
    return {"kty": "OKP", "crv": "Ed25519", **_encoded(found), **members}


def _encoded(members):
    return {name: base64url(octets) for name, octets in members.items()}
