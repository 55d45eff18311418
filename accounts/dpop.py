"""Proof of possession (RFC 9449): who uses a bound token must hold its key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import jwt
from django.conf import settings

from accounts import jwk, jws, replays
from accounts.products import Product

ALGORITHMS = jwk.ALGORITHMS
TYPE = "dpop+jwt"
LONGEST_PROOF = 4096
LONGEST_JTI = 256
# How far a client's clock may be from ours, either way.
WINDOW_SECONDS = 60
_PORTS = {"https": 443, "http": 80}


class InvalidProof(Exception):
    """The proof does not hold. The text says what to do."""


def verify(
    proof: str,
    *,
    method: str,
    url: str,
    access_token: str | None,
    also: Collection[str] = (),
) -> str:
    """The thumbprint (RFC 7638) of the key that the proof shows. Raises InvalidProof.

    `proof` is the whole value of the DPoP header. `also` lists other addresses of the
    same resource. A proof works once: call it when everything else is right.
    """
    key = _key_of(proof)
    claims = _claims_of(proof, key)
    _refuse_other_request(claims, method=method, urls=(url, *also))
    _refuse_other_token(claims, access_token)
    thumbprint = jwk.thumbprint(key)
    _refuse_replay(claims, thumbprint)
    return thumbprint


def addresses(path: str, *, product: Product | None = None) -> tuple[str, ...]:
    """The addresses under which a client may know this path: ours, the product's."""
    known = [settings.PUBLIC_URL]
    if product is not None:
        known += [url for url in (product.app_url, product.api_url) if url]
    return tuple(f"{origin}{quote(path)}" for origin in known)


def _key_of(proof: str) -> dict[str, Any]:
    """The public key in the header of a proof (RFC 9449 4.2)."""
    if "," in proof:
        raise InvalidProof("Send exactly one DPoP header.")
    header = jws.part(proof, jws.HEADER, longest=LONGEST_PROOF)
    if header is None:
        raise InvalidProof(
            f"Send a signed JWT of at most {LONGEST_PROOF} characters as DPoP."
        )
    if header.get("typ") != TYPE:
        raise InvalidProof(f'Set typ in the header of the proof to "{TYPE}".')
    if "crit" in header:
        raise InvalidProof("Leave crit out of the header of the proof.")
    if header.get("alg") not in ALGORITHMS:
        raise InvalidProof(f"Sign the proof by one of {', '.join(ALGORITHMS)}.")
    key = header.get("jwk")
    if not isinstance(key, dict):
        raise InvalidProof("Put your public key into the header of the proof as jwk.")
    if not jwk.fits(key, header["alg"]):
        raise InvalidProof("The jwk does not fit alg. Name the algorithm of your key.")
    return key


def _claims_of(proof: str, key: dict[str, Any]) -> dict[str, Any]:
    """The claims, once the signature is right."""
    try:
        public = jwk.public_key_of(key)
    except ValueError as error:
        raise InvalidProof(f"The jwk is refused. {error}") from error
    try:
        jws.verifier.decode(proof, public, algorithms=list(ALGORITHMS))
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise InvalidProof(
            "The signature is wrong. Sign the proof with the key of its jwk."
        ) from error
    claims = jws.part(proof, jws.PAYLOAD, longest=LONGEST_PROOF)
    if claims is None:
        raise InvalidProof("Send the claims of the proof as one JSON object.")
    return claims


def _refuse_other_request(
    claims: dict[str, Any], *, method: str, urls: Collection[str]
) -> None:
    if claims.get("htm") != method:
        raise InvalidProof("Set htm to the method of this request.")
    if _address(claims.get("htu")) not in {_address(url) for url in urls}:
        raise InvalidProof("Set htu to the address of this request, without its query.")
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        raise InvalidProof("Set iat to the time of this request, in seconds.")
    now = time.time()
    if not now - WINDOW_SECONDS <= issued <= now + WINDOW_SECONDS:
        raise InvalidProof(
            f"Make a new proof for each request: iat is more than {WINDOW_SECONDS} "
            "seconds from our clock."
        )


def _refuse_other_token(claims: dict[str, Any], access_token: str | None) -> None:
    if access_token is None:
        return
    digest = hashlib.sha256(access_token.encode()).digest()
    wanted = base64.urlsafe_b64encode(digest).rstrip(b"=")
    shown = claims.get("ath")
    if not isinstance(shown, str) or not hmac.compare_digest(
        shown.encode(errors="replace"), wanted
    ):
        raise InvalidProof("Set ath to the base64url SHA-256 of the access token.")


def _refuse_replay(claims: dict[str, Any], thumbprint: str) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= LONGEST_JTI:
        raise InvalidProof(f"Set jti to a new text of 1 to {LONGEST_JTI} characters.")
    # As long as another machine, whose clock is behind ours, could take it again.
    until = datetime.fromtimestamp(claims["iat"] + 2 * WINDOW_SECONDS, UTC)
    if not replays.first_use(f"dpop:{thumbprint}:{jti}", until=until):
        raise InvalidProof(
            "Make a new proof, with a new jti: this one was used before."
        )


def _address(url: object) -> tuple[str, str | None, str | None, int | None, str] | None:
    """An address without query and fragment, however it is spelled (RFC 3986 6.2)."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    host = parts.hostname
    return parts.scheme, parts.username, host, port, unquote(parts.path) or "/"
