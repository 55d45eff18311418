"""How Django knows this app."""

from django.apps import AppConfig


class RateLimitsConfig(AppConfig):
    """How often: limits, stores, headers, client addresses and brakes."""

    name = "ratelimits"
    verbose_name = "Rate limits"
