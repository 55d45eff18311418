"""How an attacker writes tokens: by the standard library, not by our own code."""

import base64
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from accounts import signing
from tests.cast import send


def show(token):
    """What whoever presents this is told about it."""
    return send("GET", "/api/v1/auth/whoami", AUTHORIZATION=f"Bearer {token}")


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(token):
    """The header and the claims, whoever signed them."""
    header, claims, _signature = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(claims))


def forge(header, claims, sign):
    """A token with this header and these claims. `sign`: bytes -> bytes."""
    text = (
        f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    )
    return f"{text}.{encoded(sign(text.encode()))}"


def by_key(private_key):
    return lambda text: private_key.sign(text, PKCS1v15(), SHA256())


def by_secret(secret):
    return lambda text: hmac.digest(secret, text, "sha256")


def by_nobody(text):
    return b""


def by_us(text):
    """As only this deployment can sign: for what must be refused even so."""
    _kid, key = signing.active_key()
    return by_key(key)(text)


def altered(token, sign=by_us, header=None, **claims):
    """The same token with other members. `None` takes one out."""
    old_header, old_claims = read(token)
    return forge(_merged(old_header, header or {}), _merged(old_claims, claims), sign)


def _merged(old, changes):
    merged = {**old, **changes}
    return {name: value for name, value in merged.items() if value is not None}
