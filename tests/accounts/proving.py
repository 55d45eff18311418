"""How a client writes a proof of possession (RFC 9449 4)."""

import base64
import hashlib
import time
import uuid
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.accounts.forging import forge

MEMBERS = ("kty", "crv", "n", "e", "x", "y")
MAKERS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
# The name that the package has for it.
KNOWN_AS = {"Ed25519": "EdDSA"}


@dataclass
class Prover:
    """A client with a key. Its proofs are right but for what a test changes."""

    algorithm: str = "ES256"
    key: object = None
    jwk: dict = field(default_factory=dict)

    def __post_init__(self):
        known_as = KNOWN_AS.get(self.algorithm, self.algorithm)
        self.judge = get_default_algorithms()[known_as]
        self.key = self.key or MAKERS[self.algorithm]()
        found = self.judge.to_jwk(self.key.public_key(), as_dict=True)
        self.jwk = {name: found[name] for name in MEMBERS if name in found}

    def sign(self, text):
        return self.judge.sign(text, self.key)

    def proof(self, method, url, token=None, *, header=None, **claims):
        """A proof for this request. A member that is given as None is left out."""
        told = {
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "jti": str(uuid.uuid4()),
            "ath": hashed(token) if token is not None else None,
        }
        named = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk}
        header = {**named, **(header or {})}
        return forge(_given(header), _given({**told, **claims}), self.sign)


def hashed(token):
    """What `ath` says about an access token."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _given(members):
    return {name: value for name, value in members.items() if value is not None}
