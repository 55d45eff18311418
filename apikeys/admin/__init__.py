"""API keys in the admin: issued, looked at, and ended. A secret is not even stored."""

from apikeys.admin.keys import ApiKeyAdmin

__all__ = ["ApiKeyAdmin"]
