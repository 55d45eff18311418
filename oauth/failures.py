"""The errors of OAuth that oauthlib has no class for."""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import OAuth2Error


class InvalidTarget(OAuth2Error):
    """RFC 8707 2."""

    error = "invalid_target"


class InvalidProof(OAuth2Error):
    """RFC 9449 5."""

    error = "invalid_dpop_proof"


class Refused(Exception):
    """An authorization request whose client and address are right, and which is told
    there why it ends (RFC 6749 4.1.2.1)."""

    def __init__(self, redirect_uri: str, *, state: str, error: OAuth2Error) -> None:
        super().__init__(error.error)
        self.redirect_uri = redirect_uri
        self.state = state
        self.error = error


class Repeated(Exception):
    """The same refresh token once more, while its answer may be given again."""

    def __init__(self, answer: dict[str, object]) -> None:
        super().__init__()
        self.answer = answer
