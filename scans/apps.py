"""The scans app: the reference resource of the guides."""

from __future__ import annotations

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """An example of a product's own resource behind Doorward's credentials."""

    name = "scans"
