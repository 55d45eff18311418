"""How Django knows this app."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from accounts.opaque import WEBHOOK_SECRET
from accounts.products import products
from accounts.redaction import learn
from config.checks import register_all
from oauth import looks


class ConfigConfig(AppConfig):
    """How everything is put together."""

    name = "config"

    def ready(self) -> None:
        register_all()
        of_products = [
            prefix for product in products().values() for prefix in product.prefixes
        ]
        ours = [*looks.SHORT_LIVED, looks.REQUEST_PREFIX, WEBHOOK_SECRET]
        learn([*of_products, *ours])


class DoorwardAdminConfig(AdminConfig):
    """The stock admin on our own site."""

    default_site = "config.admin.DoorwardAdminSite"
