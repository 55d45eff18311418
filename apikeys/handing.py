"""Who may be given the secret of a key that there is, or keep one alive."""

from __future__ import annotations

from accounts.credentials import Credential
from accounts.problems import Problem
from apikeys import bounds
from apikeys.lifecycle import require_control
from apikeys.models import ApiKey


def require_equal(holder: Credential, api_key: ApiKey) -> None:
    """Raises Problem where the key has more than its holder would have without it.

    Ask with the key locked: it may be widened meanwhile. A key may always be given a
    secret of itself, but by one that leaked.
    """
    require_control(holder, api_key)
    if holder.id == api_key.public_id:
        bounds.refuse_leaked(holder)
        return
    bounds.refuse_beyond(holder, api_key, {})
    bounds.refuse_longer(holder, api_key.expires_at)


def refuse_impersonation(holder: Credential, api_key: ApiKey) -> None:
    """Raises Problem for a personal key of somebody else: with its secret, what the
    holder does would be done in that person's name."""
    is_own = holder.id == api_key.public_id or api_key.belongs_to(holder.user)
    if api_key.membership is not None and not is_own:
        raise Problem(
            "forbidden",
            "Only its owner may be given a secret of a personal key. Transfer it to "
            "the organization first, or revoke it.",
        )


def require_rotator(holder: Credential, api_key: ApiKey) -> None:
    """Raises Problem unless it may be given a new secret of this key."""
    require_equal(holder, api_key)
    refuse_impersonation(holder, api_key)
