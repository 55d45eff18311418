"""DPoP at the token endpoint: to which key the tokens are bound (RFC 9449 5)."""

from __future__ import annotations

from oauthlib.common import Request

from accounts import dpop
from oauth.failures import InvalidProof
from oauth.models import Application


def check(request: Request) -> None:
    """Set `key_thumbprint`: of the key that the request proves, empty without a proof.

    Raises InvalidProof, also where the application must send one and did not.
    """
    proof = request.headers["DPoP"]
    request.key_thumbprint = ""
    if proof:
        request.key_thumbprint = thumbprint(proof, request.path, request.client)
    elif request.client.dpop_bound_access_tokens:
        raise InvalidProof("This application must send a DPoP proof.")


def thumbprint(proof: str, path: str, application: Application) -> str:
    """Of the key behind a proof for a POST to this path. Raises InvalidProof."""
    address, *others = dpop.addresses(path, product=application.product)
    try:
        return dpop.verify(
            proof, method="POST", url=address, access_token=None, also=others
        )
    except dpop.InvalidProof as error:
        raise InvalidProof(str(error)) from error


def check_binding(request: Request, wanted: str) -> None:
    """Raises InvalidProof where what was shown belongs to another key."""
    if wanted and wanted != request.key_thumbprint:
        raise InvalidProof("It is bound to another key: send a proof by that one.")
