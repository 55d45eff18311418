"""How tests report leaks."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from apikeys import leaks_api
from tests.cast import send

LEAKS = "/api/v1/leaks"
PLACE = "https://git.example.com/acme/app/blob/main/.env"


@pytest.fixture
def at_once(monkeypatch):
    """Answers are not held back: this is not about time."""
    monkeypatch.setattr(leaks_api, "FLOOR_SECONDS", 0.001)


def report(*tokens, url=PLACE, **headers):
    return send("POST", LEAKS, {"tokens": list(tokens), "url": url}, **headers)


class Signer:
    """Somebody with a key on P-256, or on another curve."""

    def __init__(self, identifier, curve=ec.SECP256R1):
        self.identifier = identifier
        self.key = ec.generate_private_key(curve())

    @property
    def published(self):
        pem = self.key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "key_identifier": self.identifier,
            "key": pem.decode(),
            "is_current": True,
        }

    def headers(self, body):
        signature = self.key.sign(body, ec.ECDSA(SHA256()))
        return {
            "Github-Public-Key-Identifier": self.identifier,
            "Github-Public-Key-Signature": base64.b64encode(signature).decode(),
        }

    def report(self, *tokens, url=PLACE):
        rows = [
            {"token": token, "type": "netrecon", "url": url, "source": "content"}
            for token in tokens
        ]
        body = json.dumps(rows).encode()
        return post(body, self.headers(body))


def listed(*signers):
    """The list as GitHub publishes it."""
    return json.dumps({"public_keys": [signer.published for signer in signers]})


def post(body, headers):
    client = Client(raise_request_exception=False)
    return client.generic("POST", LEAKS, body, "application/json", headers=headers)
