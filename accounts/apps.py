"""The accounts app: who, and what they may."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Organizations, people, sessions and the shape of every credential."""

    name = "accounts"
