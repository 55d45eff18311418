"""An authenticator in software, after WebAuthn Level 3, so that ours has a judge.

`Device` makes passkeys and signs with them; what it sends can be spoilt.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from tests.accounts.conftest import Browser

PRESENT, VERIFIED, ATTESTED = 1, 4, 64
SIGN_IN, SECOND_STEP = "/login/passkey", "/login/code/passkey"
CONFIRM, REGISTER = "/settings/confirm/passkey", "/settings/security/passkeys"


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Device:
    """One passkey. `flags`, `origin`, `domain` and `handle` may be made wrong."""

    identifier: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    flags: int = PRESENT | VERIFIED
    count: int = 0
    handle: bytes | None = None
    origin: str = ""
    domain: str = ""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.create"""
        self.handle = decoded(options["user"]["id"])
        data = self._data(self.flags | ATTESTED) + bytes(16)
        data += len(self.identifier).to_bytes(2, "big") + self.identifier
        data += cbor2.dumps(self._public_key())
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=cbor2.dumps(statement),
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """navigator.credentials.get"""
        self.count += 1
        client_data = self._client_data("webauthn.get", options)
        data = self._data(self.flags)
        text = data + hashlib.sha256(client_data).digest()
        signed = {
            "clientDataJSON": client_data,
            "authenticatorData": data,
            "signature": self.key.sign(text, ec.ECDSA(SHA256())),
        }
        handle = {} if self.handle is None else {"userHandle": self.handle}
        return self._answer(**signed, **handle)

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        origin = self.origin or settings.OTP_WEBAUTHN_ALLOWED_ORIGINS[0]
        told = {"type": kind, "challenge": options["challenge"], "origin": origin}
        return json.dumps(told).encode()

    def _data(self, flags: int) -> bytes:
        domain = self.domain or settings.OTP_WEBAUTHN_RP_ID
        mark = hashlib.sha256(domain.encode()).digest()
        return mark + bytes([flags]) + self.count.to_bytes(4, "big")

    def _public_key(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return {1: 2, 3: -7, -1: 1, -2: x, -3: y}

    def _answer(self, **response: bytes) -> dict[str, Any]:
        name = encoded(self.identifier)
        texts = {member: encoded(octets) for member, octets in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": texts}


class PasskeyBrowser(Browser):
    """A browser whose script talks to the endpoints of the passkeys."""

    def ask(self, place: str) -> Any:
        return self.tell(f"{place}/begin", {})

    def use(self, device: Device, place: str, *, query: str = "", **more: Any) -> Any:
        asked = self.ask(place).json()
        body = {"state": asked["state"], "credential": device.sign(asked["options"])}
        return self.tell(f"{place}/complete{query}", {**body, **more})

    def add(self, device: Device) -> Any:
        asked = self.ask(REGISTER).json()
        body = {"state": asked["state"], "credential": device.make(asked["options"])}
        return self.tell(f"{REGISTER}/complete", body)

    def tell(self, path: str, body: Any) -> Any:
        if "csrf" not in self.cookies:
            self.get("/login")
        token = self.cookies["csrf"].value
        return self.post(path, body, "application/json", headers={"X-CSRFToken": token})
