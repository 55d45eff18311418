"""The apikeys app: long-lived keys of organizations and members."""

from __future__ import annotations

from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    """Credential one."""

    name = "apikeys"
    verbose_name = "API keys"
