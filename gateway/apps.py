"""The gateway app: judge a request for someone else."""

from __future__ import annotations

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """What a product's own services ask about the credentials that they are shown."""

    name = "gateway"
