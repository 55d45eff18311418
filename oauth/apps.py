"""The oauth app: applications of organizations, and what people let them do."""

from __future__ import annotations

from django.apps import AppConfig


class OAuthConfig(AppConfig):
    """Credential two."""

    name = "oauth"
    verbose_name = "OAuth"
