"""Our answers to what oauthlib asks. Nothing of the stock validator is inherited.

oauthlib holds the order of the steps and the words of the errors; each hook is one
question that it asks on the way.
"""

from __future__ import annotations

from oauth.authorization_hooks import AuthorizationHooks
from oauth.token_hooks import TokenHooks


class Validator(AuthorizationHooks, TokenHooks):
    """Both endpoints in one, as oauthlib wants it."""
