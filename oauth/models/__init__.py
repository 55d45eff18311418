"""The tables of OAuth. All six of django-oauth-toolkit's are swapped for ours."""

from oauth.models.applications import Application
from oauth.models.grants import Consent, DeviceGrant, Grant, PushedRequest
from oauth.models.tokens import AccessToken, IDToken, RefreshToken

__all__ = [
    "AccessToken",
    "Application",
    "Consent",
    "DeviceGrant",
    "Grant",
    "IDToken",
    "PushedRequest",
    "RefreshToken",
]
